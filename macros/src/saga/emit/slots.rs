//! Slots: where a place waits between two arms.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::super::analyze::Path;
use super::super::graph::{Graph, VarId};
use super::{Unique, hidden};

/// The slots that are used, by place.
#[derive(Default)]
pub(super) struct Slots {
    /// What each is named after; no two places share a name.
    by_place: BTreeMap<(VarId, Path), String>,
    names: Unique,
}

impl Slots {
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

    pub(super) fn declarations(&self) -> TokenStream {
        let slots = self.by_place.values().map(|name| hidden(&format!("slot_{name}")));
        quote!(#(let mut #slots = ::core::option::Option::None;)*)
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
