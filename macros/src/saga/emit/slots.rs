//! Slots: where a place waits between two arms.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::super::analyze::{Live, Path};
use super::super::graph::{Graph, Kind, VarId};
use super::{Unique, hidden};

/// The slots that are used, by place.
#[derive(Default)]
pub(super) struct Slots {
    /// What each is named after; no two places share a name.
    by_place: BTreeMap<(VarId, Path), String>,
    /// Those that wait with a state, numbered. The others are of any type.
    saved: BTreeMap<(VarId, Path), usize>,
    names: Unique,
}

impl Slots {
    /// With what waits with the states.
    pub(super) fn new<'l>(states: impl Iterator<Item = &'l Live>) -> Self {
        let saved: BTreeSet<_> = states.flat_map(Live::places).map(|(var, path)| (var, path.clone())).collect();
        Self { saved: saved.into_iter().zip(0..).collect(), ..Self::default() }
    }

    /// The slot of a place; made when it is first asked for.
    pub(super) fn get(&mut self, graph: &Graph, var: VarId, path: &Path) -> Ident {
        let name = self.name(graph, var, path);
        hidden(&format!("slot_{name}"))
    }

    /// The variable that holds a place in an arm: the user's own, or one of ours for a field.
    pub(super) fn local(&mut self, graph: &Graph, var: VarId, path: &Path) -> Ident {
        let ident = &graph.vars[var].ident;
        if path.is_empty() {
            return ident.clone();
        }
        let name = self.name(graph, var, path);
        Ident::new(&name, Span::mixed_site().located_at(ident.span()))
    }

    fn name(&mut self, graph: &Graph, var: VarId, path: &Path) -> String {
        let names = &mut self.names;
        self.by_place.entry((var, path.clone())).or_insert_with(|| names.name(local_name(graph, var, path))).clone()
    }

    /// The slots that wait with a state, in order.
    pub(super) fn saved(&mut self, graph: &Graph) -> Vec<(VarId, Ident)> {
        let saved: Vec<_> = self.saved.keys().cloned().collect();
        saved.into_iter().map(|(var, path)| (var, self.get(graph, var, &path))).collect()
    }

    /// The numbers of a state's slots, in the order of [`saved`](Self::saved).
    pub(super) fn numbers(&self, live: &Live) -> Vec<Literal> {
        let number = |(var, path): (VarId, &Path)| self.saved.get(&(var, path.clone())).copied();
        live.places().filter_map(number).map(Literal::usize_unsuffixed).collect()
    }

    /// Declares the slots: first those that wait with a state, in the order of [`saved`](Self::saved). A type that can't be
    /// saved is an error here only, at the variable.
    pub(super) fn declarations(&self, graph: &Graph, machine: &Ident) -> TokenStream {
        let is_other = |place: &&(VarId, Path)| !self.saved.contains_key(*place);
        let places = self.saved.keys().chain(self.by_place.keys().filter(is_other));
        let slots = places.map(|place| {
            let ((var, path), name) = (place, &self.by_place[place]);
            let slot = hidden(&format!("slot_{name}"));
            if !self.saved.contains_key(&(*var, path.clone())) {
                let root = &graph.root;
                return quote!(let mut #slot = #root::__private::Passing::new(););
            }
            let (key, span) = (key(graph, *var, path), graph.vars[*var].ident.span());
            let root = graph.root.at(span);
            let asked = match graph.vars[*var].kind {
                Kind::Plain => quote_spanned!(span => <#root::__private::Record as #root::__private::Saved<_>>),
                Kind::Rest => quote_spanned!(span => #root::__private::SavedItems),
                Kind::Operand => {
                    quote_spanned!(span => <#root::__private::Record as #root::__private::SavedOperand<_>>)
                }
            };
            let old = old_keys(graph, *var, path);
            let default = &graph.vars[*var].evolution.default;
            if old.is_empty() && default.is_none() {
                return quote_spanned!(span => let mut #slot = #asked::slot(#machine, #key););
            }
            let default = match default {
                Some(default) => quote!(::core::option::Option::Some(|| #default)),
                None => quote!(::core::option::Option::None),
            };
            quote_spanned!(span => let mut #slot = #asked::evolved(#machine, #key, (&[#(#old),*], #default));)
        });
        quote!(#(#slots)*)
    }
}

/// The name of a place in a frame: `user.id`. What the compiler has added begins with `@`.
pub(super) fn key(graph: &Graph, var: VarId, path: &Path) -> String {
    let name = crate::message::unraw(&graph.vars[var].ident);
    let name = name.strip_prefix("__").map_or(name.clone(), |own| format!("@{own}"));
    std::iter::once(&name).chain(path).cloned().collect::<Vec<_>>().join(".")
}

/// The names that a place had before (`#[saga(alias = "…")]`).
pub(super) fn old_keys(graph: &Graph, var: VarId, path: &Path) -> Vec<String> {
    let alias = graph.vars[var].evolution.alias.iter();
    alias.map(|old| std::iter::once(old).chain(path).cloned().collect::<Vec<_>>().join(".")).collect()
}

fn local_name(graph: &Graph, var: VarId, path: &Path) -> String {
    let name = crate::message::unraw(&graph.vars[var].ident);
    let name = name.trim_start_matches('_').to_owned();
    let name = if name.is_empty() { "unnamed".to_owned() } else { name };
    let fields = path.iter().map(|field| field.trim_start_matches("r#").to_owned());
    std::iter::once(name).chain(fields).collect::<Vec<_>>().join("_")
}
