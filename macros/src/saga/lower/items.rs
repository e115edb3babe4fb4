//! Items in a body that is split: functions, constants, `use`, `macro_rules!`.
//!
//! They go to the beginning of the machine, where all of its arms see them. That is right for those of the outermost
//! block; one of an inner block must not be seen outside of it.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Item, Stmt, UseTree};

use super::Lower;

impl Lower<'_> {
    /// Takes the items out of the statements of a block.
    pub(super) fn items(&mut self, stmts: Vec<Stmt>) -> Vec<Stmt> {
        const BODY: usize = 2;
        let is_inner = self.scopes.len() > BODY;
        let here = if is_inner && stmts.iter().any(is_item) { words(&stmts) } else { HashMap::new() };
        let (items, rest): (Vec<_>, Vec<_>) = stmts.into_iter().partition(is_item);
        for item in items {
            let names = declared(&item);
            let is_apart = |name: &Ident| here.get(&name.to_string()) == self.words.get(&name.to_string());
            if is_inner && !names.as_ref().is_some_and(|names| names.iter().all(is_apart)) {
                self.diagnostics.error(
                    &item,
                    "an item of a block that awaits would be seen outside of the block, where its name means something \
                     else: move it to the beginning of the function, or give it another name",
                );
            }
            let is_second = |other: &Stmt| is_macro(other) && declared(other) == names;
            if is_macro(&item) && self.graph.items.iter().any(is_second) {
                self.diagnostics.error(&item, "a second macro of this name in a saga's body: give it another name");
            }
            self.graph.items.push(item);
        }
        rest
    }
}

fn is_item(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Item(_))
}

fn is_macro(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Item(Item::Macro(_)))
}

/// How often each word stands in statements.
pub(super) fn words(stmts: &[Stmt]) -> HashMap<String, usize> {
    fn count(tokens: TokenStream, words: &mut HashMap<String, usize>) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => *words.entry(ident.to_string()).or_default() += 1,
                TokenTree::Group(group) => count(group.stream(), words),
                TokenTree::Literal(_) | TokenTree::Punct(_) => {}
            }
        }
    }
    let mut words = HashMap::new();
    stmts.iter().for_each(|stmt| count(stmt.to_token_stream(), &mut words));
    words
}

/// The names that an item declares; none if that can't be told.
fn declared(item: &Stmt) -> Option<Vec<Ident>> {
    let Stmt::Item(item) = item else { return None };
    match item {
        Item::Const(item) => Some(vec![item.ident.clone()]),
        Item::Enum(item) => Some(vec![item.ident.clone()]),
        Item::Fn(item) => Some(vec![item.sig.ident.clone()]),
        Item::Impl(_) => Some(Vec::new()),
        Item::Macro(item) => item.ident.clone().map(|name| vec![name]),
        Item::Static(item) => Some(vec![item.ident.clone()]),
        Item::Struct(item) => Some(vec![item.ident.clone()]),
        Item::Trait(item) => Some(vec![item.ident.clone()]),
        Item::Type(item) => Some(vec![item.ident.clone()]),
        Item::Union(item) => Some(vec![item.ident.clone()]),
        Item::Use(item) => imported(&item.tree),
        _ => None,
    }
}

/// The names that a `use` brings; none for `*` and `as _`.
fn imported(tree: &UseTree) -> Option<Vec<Ident>> {
    match tree {
        UseTree::Path(path) => imported(&path.tree),
        UseTree::Name(name) => Some(vec![name.ident.clone()]),
        UseTree::Rename(rename) if rename.rename != "_" => Some(vec![rename.rename.clone()]),
        UseTree::Group(group) => {
            let names: Option<Vec<_>> = group.items.iter().map(imported).collect();
            names.map(|names| names.into_iter().flatten().collect())
        }
        UseTree::Rename(_) | UseTree::Glob(_) => None,
    }
}
