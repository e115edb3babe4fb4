//! The inline form: the function as it was written, with each `.await` running the call in the current task.
//!
//! All that is put in has the span of the `.await`: what can't be awaited is an error there, once, and the same one as
//! that of `resume`.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprAsync, ExprClosure, ExprMatch, Item, parse_quote_spanned};

use crate::root::Root;

/// `call.await` becomes `match call { call => Durable::inline(call).await }`.
pub(crate) fn inline(body: &Block, root: &Root) -> Block {
    let mut body = body.clone();
    Inline { root }.visit_block_mut(&mut body);
    body
}

/// The same for a body that doesn't parse: `call.await` becomes `call.inline().await`.
pub(crate) fn inline_tokens(tokens: TokenStream) -> TokenStream {
    let mut output = TokenStream::new();
    for token in tokens {
        match token {
            TokenTree::Ident(word) if word == "await" => output.extend(quote_spanned!(word.span() => inline().#word)),
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), inline_tokens(group.stream()));
                inner.set_span(group.span());
                output.extend([TokenTree::Group(inner)]);
            }
            other => output.extend([other]),
        }
    }
    output
}

struct Inline<'r> {
    root: &'r Root,
}

impl VisitMut for Inline<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        if let Expr::Await(inner) = expr {
            let span = inner.await_token.span;
            let (call, root) = (Ident::new("__call", span), self.root.at(span));
            let mut run: ExprMatch = parse_quote_spanned! { span =>
                match () { #call => #root::__private::Durable::inline(#call).await }
            };
            // Those around a whole scrutinee are called unnecessary, where those before an `.await` are not. Put in as a tree, not as
            // tokens: a struct literal in it needs parentheses then, and gets them.
            while let Expr::Paren(paren) = &mut *inner.base {
                let within = std::mem::replace(&mut *paren.expr, Expr::PLACEHOLDER);
                *inner.base = within;
            }
            std::mem::swap(&mut run.expr, &mut inner.base);
            *expr = Expr::Match(run);
        }
    }

    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}

    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
