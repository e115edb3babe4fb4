//! `break` and `continue` in verbatim code that leave it for a loop or block that has been split.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprAsync, ExprClosure, ExprForLoop, ExprLoop, ExprWhile, Item, Label, Lifetime, Macro, parse_quote};

use super::super::graph::{Jump, Var};
use super::{Dest, Lower};

impl Lower<'_> {
    /// Replaces them by [`Jump`]s.
    pub(super) fn jumps(&mut self, mut expr: Expr) -> Expr {
        if !self.loops.is_empty() {
            Jumps { lower: self, loops: 0, labels: Vec::new() }.visit_expr_mut(&mut expr);
        }
        expr
    }

    /// The same for a macro call: what it makes of its tokens can't be seen here.
    pub(super) fn jumps_in_macro(&mut self, call: &mut Macro) {
        if !self.loops.is_empty() {
            Jumps { lower: self, loops: 0, labels: Vec::new() }.visit_macro_mut(call);
        }
    }
}

struct Jumps<'l, 'd> {
    lower: &'l mut Lower<'d>,
    /// How many verbatim loops are around.
    loops: usize,
    /// The labels of verbatim loops and blocks around.
    labels: Vec<Ident>,
}

impl Jumps<'_, '_> {
    /// Whether the jump stays within the verbatim code.
    fn stays(&self, label: Option<&Lifetime>) -> bool {
        label.map_or(self.loops > 0, |label| self.labels.contains(&label.ident))
    }

    fn within(&mut self, label: Option<&Label>, is_loop: bool, visit: impl FnOnce(&mut Self)) {
        let depth = self.labels.len();
        self.labels.extend(label.map(|label| label.name.ident.clone()));
        self.loops += usize::from(is_loop);
        visit(self);
        self.loops -= usize::from(is_loop);
        self.labels.truncate(depth);
    }
}

impl VisitMut for Jumps<'_, '_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        let span = expr.span();
        match expr {
            Expr::Continue(inner) if !self.stays(inner.label.as_ref()) => {
                let head = self.lower.enclosing(inner.label.as_ref()).and_then(|enclosing| enclosing.head);
                if let Some(to) = head {
                    *expr = Jump { to, defines: None }.write(span);
                }
            }
            Expr::Break(inner) if !self.stays(inner.label.as_ref()) => {
                let target = self
                    .lower
                    .enclosing(inner.label.as_ref())
                    .map(|enclosing| (enclosing.exit, enclosing.dest.clone()));
                let Some((to, dest)) = target else { return };
                let value = inner.expr.take();
                *expr = match (dest, value) {
                    (Dest::Var(var), value) => {
                        let Var { ident, ty, .. } = &self.lower.graph.vars[var];
                        let ty = ty.as_ref().map(|ty| quote::quote!(: #ty));
                        let value = value.unwrap_or_else(|| parse_quote!(()));
                        let jump = Jump { to, defines: Some(var) }.write(span);
                        parse_quote!({ let #ident #ty = #value; #jump })
                    }
                    (Dest::Return, value) => parse_quote!(return #value),
                    (Dest::Ignore, None) => Jump { to, defines: None }.write(span),
                    (Dest::Ignore, Some(value)) => {
                        let jump = Jump { to, defines: None }.write(span);
                        parse_quote!({ #value; #jump })
                    }
                };
            }
            _ => {}
        }
    }

    fn visit_expr_loop_mut(&mut self, inner: &mut ExprLoop) {
        self.within(inner.label.clone().as_ref(), true, |jumps| jumps.visit_block_mut(&mut inner.body));
    }

    fn visit_expr_while_mut(&mut self, inner: &mut ExprWhile) {
        self.within(inner.label.clone().as_ref(), true, |jumps| {
            jumps.visit_expr_mut(&mut inner.cond);
            jumps.visit_block_mut(&mut inner.body);
        });
    }

    fn visit_expr_for_loop_mut(&mut self, inner: &mut ExprForLoop) {
        self.visit_expr_mut(&mut inner.expr);
        self.within(inner.label.clone().as_ref(), true, |jumps| jumps.visit_block_mut(&mut inner.body));
    }

    fn visit_expr_block_mut(&mut self, inner: &mut syn::ExprBlock) {
        self.within(inner.label.clone().as_ref(), false, |jumps| jumps.visit_block_mut(&mut inner.block));
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        let mut labels = self.labels.iter().map(ToString::to_string).collect();
        labels_of(call.tokens.clone(), &mut labels);
        if let Some(word) = find_jump(call.tokens.clone(), self.loops > 0, &labels) {
            let message = format!(
                "`{word}` can't leave a loop or block that awaits from inside a macro call: decide in the macro, and `{word}` outside of it"
            );
            self.lower.diagnostics.error(&word, message);
        }
    }

    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}

    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}

    fn visit_item_mut(&mut self, _: &mut Item) {}
}

/// The labels that tokens declare: `'found: { … }`, `'rows: for …`.
fn labels_of(tokens: TokenStream, labels: &mut HashSet<String>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match (token, tokens.get(index + 1), tokens.get(index + 2)) {
            (TokenTree::Group(group), ..) => labels_of(group.stream(), labels),
            (TokenTree::Punct(quote), Some(TokenTree::Ident(label)), Some(TokenTree::Punct(colon)))
                if quote.as_char() == '\'' && colon.as_char() == ':' =>
            {
                labels.insert(label.to_string());
            }
            _ => {}
        }
    }
}

/// The first `break` or `continue` in tokens that may leave them: without a label where they hold no loop of their own,
/// or with a label that is none of these.
fn find_jump(tokens: TokenStream, mut in_loop: bool, labels: &HashSet<String>) -> Option<Ident> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) if word == "loop" || word == "while" || word == "for" => in_loop = true,
            TokenTree::Ident(word) if word == "break" || word == "continue" => {
                let stays = match (tokens.get(index + 1), tokens.get(index + 2)) {
                    (Some(TokenTree::Punct(quote)), Some(TokenTree::Ident(label))) if quote.as_char() == '\'' => {
                        labels.contains(&label.to_string())
                    }
                    _ => in_loop,
                };
                if !stays {
                    return Some(word.clone());
                }
            }
            TokenTree::Group(group) => {
                if let Some(found) = find_jump(group.stream(), in_loop, labels) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}
