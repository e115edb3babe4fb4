//! Slots: where a place waits between two arms.

use std::collections::{BTreeMap, HashSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::super::analyze::Path;
use super::super::graph::{Graph, VarId};
use super::hidden;

/// The slots that are used, by place.
#[derive(Default)]
pub(super) struct Slots {
    by_place: BTreeMap<(VarId, Path), Ident>,
    names: HashSet<String>,
}

impl Slots {
    /// The slot of a place; made when it is first asked for.
    pub(super) fn get(&mut self, graph: &Graph, var: VarId, path: &Path) -> Ident {
        let names = &mut self.names;
        let make = || {
            let base = format!("slot_{}", local_name(graph, var, path));
            let numbered = (2..).map(|n| format!("{base}_{n}"));
            let name = std::iter::once(base.clone()).chain(numbered).find(|name| names.insert(name.clone()));
            hidden(&name.expect("there are numbers enough"))
        };
        self.by_place.entry((var, path.clone())).or_insert_with(make).clone()
    }

    pub(super) fn declarations(&self) -> TokenStream {
        let slots = self.by_place.values();
        quote!(#(let mut #slots = ::core::option::Option::None;)*)
    }
}

/// The name of a place in a frame: `user.id`. What the compiler has added begins with `@`.
pub(super) fn key(graph: &Graph, var: VarId, path: &Path) -> String {
    let name = crate::message::unraw(&graph.vars[var].ident);
    let name = name.strip_prefix("__").map_or(name.clone(), |own| format!("@{own}"));
    std::iter::once(&name).chain(path).cloned().collect::<Vec<_>>().join(".")
}

/// The variable that holds a place in an arm: the user's own, or one of ours for a field.
pub(super) fn local(graph: &Graph, var: VarId, path: &Path) -> Ident {
    let ident = &graph.vars[var].ident;
    if path.is_empty() {
        return ident.clone();
    }
    Ident::new(&local_name(graph, var, path), Span::mixed_site().located_at(ident.span()))
}

fn local_name(graph: &Graph, var: VarId, path: &Path) -> String {
    let name = crate::message::unraw(&graph.vars[var].ident);
    let name = name.trim_start_matches('_').to_owned();
    let name = if name.is_empty() { "unnamed".to_owned() } else { name };
    let fields = path.iter().map(|field| field.trim_start_matches("r#").to_owned());
    std::iter::once(name).chain(fields).collect::<Vec<_>>().join("_")
}
