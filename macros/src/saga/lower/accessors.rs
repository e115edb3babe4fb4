//! Borrows by a method: `order.name.as_str()`, `coupon.as_deref().unwrap_or("none")`.
//!
//! Those of the standard library's types return what their receiver owns, each time the same; so they are called again after a
//! step, as `&order.name` is written again. A type of the user's may have a method of that name that does otherwise: the
//! receiver goes through a trait that only the former have.

use proc_macro2::Ident;
use quote::quote_spanned;
use syn::{Expr, ExprMethodCall};

use super::Lower;
use super::borrows::{Shape, Source, is_constant_but_for_types};

/// From what owns to what borrows.
const LENDING: [&str; 9] =
    ["as_str", "as_ref", "as_deref", "as_slice", "as_bytes", "as_path", "trim", "trim_start", "trim_end"];
/// Out of an `Option` or a `Result` of a borrow.
const UNWRAPPING: [&str; 4] = ["unwrap", "expect", "unwrap_or", "unwrap_or_default"];

/// Whether an expression is such a call, by its methods.
pub(crate) fn is_accessor(expr: &Expr) -> bool {
    match expr {
        Expr::MethodCall(call) => is_lending(call) || is_unwrapping(call) && is_accessor(&call.receiver),
        _ => false,
    }
}

fn is_lending(call: &ExprMethodCall) -> bool {
    call.turbofish.is_none() && call.args.is_empty() && LENDING.iter().any(|name| call.method == name)
}

fn is_unwrapping(call: &ExprMethodCall) -> bool {
    call.turbofish.is_none() && UNWRAPPING.iter().any(|name| call.method == name)
}

impl Lower<'_> {
    /// The call, if it is one that can be made again.
    pub(super) fn accessor(&self, call: &ExprMethodCall) -> Option<Source> {
        let mut again = call.clone();
        if is_lending(call) {
            let receiver = self.lender(&call.receiver)?;
            *again.receiver = self.lasting(&receiver, &call.method);
        } else if is_unwrapping(call) && call.args.iter().all(|arg| self.is_lent(arg)) {
            let Expr::MethodCall(before) = &*call.receiver else { return None };
            *again.receiver = self.accessor(before)?.init;
        } else {
            return None;
        }
        Some(Source { init: Expr::MethodCall(again), shape: Shape::Reference { mutable: false } })
    }

    /// What is borrowed from: a place, or what another such call has returned.
    fn lender(&self, receiver: &Expr) -> Option<Expr> {
        match receiver {
            Expr::MethodCall(call) => Some(self.accessor(call)?.init),
            receiver => self.is_place(receiver).then(|| receiver.clone()),
        }
    }

    /// Whether an argument is a borrow that can be made again, or a constant. (A number is what the receiver makes of it.)
    fn is_lent(&self, arg: &Expr) -> bool {
        let lent = || self.source(arg).is_some_and(|source| source.shape == Shape::Reference { mutable: false });
        is_constant_but_for_types(arg) || matches!(arg, Expr::Reference(_)) && lent()
    }

    /// A reference to what has the methods of the standard library: rustc says so if it has not, at the method.
    fn lasting(&self, receiver: &Expr, method: &Ident) -> Expr {
        let (span, root) = (method.span(), self.graph.root.at(method.span()));
        let lasting = quote_spanned!(span => #root::__private::Lasting::lasting(&#receiver));
        syn::parse2(lasting).expect("a call is an expression")
    }
}
