//! Pass 2: what a saga's body can't contain.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::visit::{self, Visit};
use syn::{
    Arm, Attribute, Block, Expr, ExprAsync, ExprClosure, ExprGroup, ExprLit, ExprParen, ExprUnsafe, FieldValue, Item,
    Lit, Macro, Path, Stmt, spanned::Spanned,
};

use super::suspends;
use crate::diagnostics::Diagnostics;
use crate::duration;

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
        if let Some(inner) = first_await(|find| find.visit_expr(&closure.body)) {
            self.diagnostics.error_at(inner, "a step can't be awaited in a closure: let it return the calls, and await them all with `join_all`, or await one after the other in a `for` loop");
        } else {
            visit::visit_expr_closure(self, closure);
        }
    }

    /// Nobody can tell what is awaited in it. One that awaits nothing is a value like others.
    fn visit_expr_async(&mut self, block: &'ast ExprAsync) {
        if block.block.stmts.iter().any(|stmt| first_await(|find| find.visit_stmt(stmt)).is_some()) {
            let body = Expr::Async(block.clone());
            return self.diagnostics.error_at(
                body.span(),
                "an async block that awaits can't be part of a saga: put the async work into a `#[step]`, and await its call",
            );
        }
        visit::visit_expr_async(self, block);
    }

    /// What a macro makes of its tokens can't be seen here.
    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Some(token) = find_await(call.tokens.clone()) {
            self.diagnostics
                .error_at(token.span(), "a step can't be awaited inside a macro call: await it before, with `let`");
        } else if let Some(name) = awaiting(&call.path) {
            let instead = match name.rsplit("::").next() {
                Some(known @ ("join" | "try_join")) => format!("write `sagaflow::{known}!(a, b).await` for calls"),
                Some("select" | "select_biased") => "write `sagaflow::race!(a, b).await` for calls".to_owned(),
                _ => "await the calls in the saga's body".to_owned(),
            };
            let message = format!(
                "`{name}!` awaits in a way of its own, which no saga can save: {instead}, or put this into a `#[step]`"
            );
            self.diagnostics.error(&call.path, message);
        }
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Path(path) if path.qself.is_none() && path.path.is_ident("self") => {
                self.diagnostics
                    .error(expr, "a saga has no `self`, as its message has none: take what it needs as arguments");
            }
            Expr::Await(inner) => {
                self.check_durations(&inner.base);
                self.check_awaited(&inner.base);
                visit::visit_expr(self, expr);
            }
            // `;`
            Expr::Verbatim(tokens) if tokens.is_empty() => {}
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
    /// What looks like a call, or several, and is none.
    fn check_awaited(&mut self, mut awaited: &Expr) {
        while let Expr::Paren(ExprParen { expr, .. }) | Expr::Group(ExprGroup { expr, .. }) = awaited {
            awaited = expr;
        }
        let message = match awaited {
            Expr::Tuple(tuple) if tuple.elems.len() > 1 => {
                "several calls are awaited side by side by `join!`: write `join!(a, b).await`"
            }
            Expr::Array(_) => "several calls are awaited side by side by `join_all`: write `join_all([a, b]).await`",
            Expr::Reference(borrow) if borrow.mutability.is_none() => {
                "to await a call uses it up, so a borrow of one can't be awaited: leave out the `&`"
            }
            _ => return,
        };
        self.diagnostics.error(awaited, message);
    }

    /// The durations that are written in what is awaited: `sleep("3d")`, `charge(x).timeout("30s")`.
    fn check_durations(&mut self, awaited: &Expr) {
        let given = match awaited {
            Expr::Call(call) => {
                let Expr::Path(path) = &*call.func else { return };
                let is_sleep = path.path.segments.last().is_some_and(|last| last.ident == "sleep");
                call.args.first().filter(|_| is_sleep)
            }
            Expr::MethodCall(call) => {
                self.check_durations(&call.receiver);
                call.args.first().filter(|_| call.method == "timeout")
            }
            Expr::Paren(inner) => return self.check_durations(&inner.expr),
            _ => None,
        };
        if let Some(literal @ Expr::Lit(ExprLit { lit: Lit::Str(_), .. })) = given
            && let Err(error) = duration::parse(literal)
        {
            self.diagnostics.push(error);
        }
    }

    fn check_cfg(&mut self, attrs: &[Attribute]) {
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")) {
            self.diagnostics.error(
                attr,
                "what awaits can't be left out by `#[cfg]`: write `if cfg!(…) { … }`, so that every build knows the same states",
            );
        }
    }
}

/// The first `.await` of what is visited, at any depth.
fn first_await(visit: impl FnOnce(&mut FirstAwait)) -> Option<Span> {
    let mut find = FirstAwait(None);
    visit(&mut find);
    find.0
}

struct FirstAwait(Option<Span>);

impl<'ast> Visit<'ast> for FirstAwait {
    fn visit_expr_await(&mut self, expr: &'ast syn::ExprAwait) {
        self.0.get_or_insert(expr.await_token.span());
    }
}

/// The name of a macro that awaits what it is given, if it is known to: `tokio::select!`.
fn awaiting(path: &Path) -> Option<String> {
    const MACROS: [&str; 6] = ["select", "select_biased", "join", "try_join", "pin", "poll"];
    let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let [library, name] = &names[..] else { return None };
    let is_known = ["tokio", "futures", "futures_util"].contains(&library.as_str()) && MACROS.contains(&name.as_str());
    is_known.then(|| names.join("::"))
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
