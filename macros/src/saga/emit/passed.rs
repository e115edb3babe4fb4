//! What a call takes.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, ExprMethodCall};

/// Whether a place (`user`, `user.name`) stands in an expression just once, and is passed to a function there: `store(user)`. Then
/// evaluating the expression can't change it.
pub(super) fn only_passed(expr: &Expr, place: &TokenStream) -> bool {
    let Some(root) = place.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) => Some(ident),
        _ => None,
    }) else {
        return false;
    };
    let mut passed = Passed { place: text(place.clone()), found: 0 };
    passed.visit_expr(expr);
    passed.found == 1 && count(expr.to_token_stream(), &root) == 1
}

struct Passed {
    place: String,
    found: usize,
}

impl Passed {
    fn argument(&mut self, argument: &Expr) {
        if matches!(argument, Expr::Path(_) | Expr::Field(_)) && text(argument.to_token_stream()) == self.place {
            self.found += 1;
        }
    }
}

impl<'e> Visit<'e> for Passed {
    fn visit_expr_call(&mut self, call: &'e ExprCall) {
        call.args.iter().for_each(|argument| self.argument(argument));
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'e ExprMethodCall) {
        call.args.iter().for_each(|argument| self.argument(argument));
        visit::visit_expr_method_call(self, call);
    }
}

fn text(tokens: TokenStream) -> String {
    tokens.to_string().replace(' ', "")
}

/// How often a name stands in tokens.
fn count(tokens: TokenStream, name: &Ident) -> usize {
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Ident(ident) => usize::from(ident == *name),
            TokenTree::Group(group) => count(group.stream(), name),
            _ => 0,
        })
        .sum()
}
