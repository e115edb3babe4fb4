//! Pass 2: what a saga's body can't contain.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::visit::{self, Visit};
use syn::{
    Arm, Attribute, Block, Expr, ExprAsync, ExprClosure, ExprForLoop, ExprUnsafe, FieldValue, Item, Macro, Stmt,
    spanned::Spanned,
};

use super::suspends;
use crate::diagnostics::Diagnostics;

/// Checks a body.
pub(crate) fn check(body: &Block, diagnostics: &mut Diagnostics) {
    Check { diagnostics }.visit_block(body);
}

struct Check<'d> {
    diagnostics: &'d mut Diagnostics,
}

impl<'ast> Visit<'ast> for Check<'_> {
    /// A closure runs where nobody can stop it: in a `map`, on another thread.
    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        if let Some(inner) = first_await(&closure.body) {
            self.diagnostics.error_at(inner, "a step can't be awaited in a closure: collect what the closure would be called with, and await in a `for` loop over it");
        }
    }

    fn visit_expr_async(&mut self, block: &'ast ExprAsync) {
        let body = Expr::Async(block.clone());
        self.diagnostics.error_at(
            body.span(),
            "an async block can't be part of a saga: put the async work into a `#[step]`, and await its call",
        );
    }

    /// What a macro makes of its tokens can't be seen here.
    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Some(token) = find_await(call.tokens.clone()) {
            self.diagnostics
                .error_at(token.span(), "a step can't be awaited inside a macro call: await it before, with `let`");
        }
    }

    fn visit_expr_for_loop(&mut self, inner: &'ast ExprForLoop) {
        if suspends::block(&inner.body) && !suspends::expr(&inner.expr) {
            self.check_iterable(&inner.expr);
        }
        visit::visit_expr_for_loop(self, inner);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::TryBlock(_) | Expr::Yield(_) | Expr::Verbatim(_) => {
                self.diagnostics.error(expr, "this expression isn't supported in a saga");
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_expr_unsafe(&mut self, inner: &'ast ExprUnsafe) {
        if suspends::block(&inner.block) {
            self.diagnostics.error(inner.unsafe_token, "a step can't be awaited in an `unsafe` block: await it before");
        }
        visit::visit_expr_unsafe(self, inner);
    }

    /// Whether the state is there must not depend on the configuration, in which a worker was compiled.
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        if suspends::stmt(stmt) {
            let attrs = |input: ParseStream<'_>| {
                let attrs = Attribute::parse_outer(input)?;
                input.parse::<TokenStream>().map(|_| attrs)
            };
            self.check_cfg(&attrs.parse2(stmt.to_token_stream()).unwrap_or_default());
        }
        visit::visit_stmt(self, stmt);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        if suspends::expr(&arm.body) {
            self.check_cfg(&arm.attrs);
        }
        visit::visit_arm(self, arm);
    }

    fn visit_field_value(&mut self, field: &'ast FieldValue) {
        if suspends::expr(&field.expr) {
            self.check_cfg(&field.attrs);
        }
        visit::visit_field_value(self, field);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

impl Check<'_> {
    fn check_cfg(&mut self, attrs: &[Attribute]) {
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")) {
            self.diagnostics.error(
                attr,
                "what awaits can't be left out by `#[cfg]`: write `if cfg!(…) { … }`, so that every build knows the same states",
            );
        }
    }

    /// The rest of a loop over a borrow can't be saved.
    fn check_iterable(&mut self, iterable: &Expr) {
        let borrowed = match iterable {
            Expr::Reference(reference) => Some(&reference.expr),
            Expr::MethodCall(call)
                if ["iter", "iter_mut"].iter().any(|name| call.method == name) && call.args.is_empty() =>
            {
                Some(&call.receiver)
            }
            _ => None,
        };
        if let Some(borrowed) = borrowed {
            let text = quote::quote!(#borrowed).to_string().replace(" . ", ".");
            let message = format!(
                "a loop that awaits can't borrow what it goes through yet, as the rest of it is saved at each step: write `{text}.clone()`, or move it"
            );
            self.diagnostics.error(iterable, message);
        }
    }
}

/// The first `.await` of an expression, at any depth.
fn first_await(expr: &Expr) -> Option<proc_macro2::Span> {
    struct Find(Option<proc_macro2::Span>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_await(&mut self, expr: &'ast syn::ExprAwait) {
            self.0.get_or_insert(expr.await_token.span());
        }
    }
    let mut find = Find(None);
    find.visit_expr(expr);
    find.0
}

fn find_await(tokens: TokenStream) -> Option<TokenTree> {
    let mut after_dot = false;
    for token in tokens {
        match &token {
            TokenTree::Ident(ident) if ident == "await" && after_dot => return Some(token),
            TokenTree::Group(group) => {
                if let Some(found) = find_await(group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
        after_dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
    }
    None
}
