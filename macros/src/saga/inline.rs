//! The inline form: the function as it was written, with each `.await` running the call in the current task.

use quote::quote_spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprAsync, ExprClosure, Item, parse_quote};

/// `call.await` becomes `inline(call).await`.
pub(crate) fn inline(body: &Block) -> Block {
    let mut body = body.clone();
    Inline.visit_block_mut(&mut body);
    body
}

struct Inline;

impl VisitMut for Inline {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        if let Expr::Await(inner) = expr {
            let (base, span) = (&inner.base, inner.await_token.span);
            let call = quote_spanned!(span => ::sagaflow::__private::inline(#base));
            *inner.base = parse_quote!(#call);
        }
    }

    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}

    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
