//! Operands before a suspension: what they are at that time is kept, unless it can as well be read afterwards.
//!
//! ```text
//! add(total(&order), x, fee(order.id).await?)
//! // let held = total(&order); suspend at `fee`: fee(order.id); then: add(held, x, reply?)
//! ```

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, ExprMethodCall, Macro, UnOp, parse_quote};

use super::super::analyze::{self, Path};
use super::super::graph::Kind;
use super::super::places::as_place;
use super::super::suspends;
use super::Lower;
use super::flatten::is_compound;

impl Lower<'_> {
    /// Operands in their order of evaluation. The first one is a place if `first_is_place`: of a method's receiver or
    /// what is indexed no copy will do, as it may be changed or borrowed.
    pub(super) fn operands(&mut self, operands: &mut [&mut Expr], first_is_place: bool) {
        let last = operands.iter().rposition(|operand| suspends::expr(operand)).unwrap_or(0);
        for index in 0..operands.len() {
            let operand = std::mem::replace(&mut *operands[index], parse_quote!(()));
            let mut flat = self.flatten(operand);
            if index < last {
                let later: Vec<_> = operands[index + 1..=last].iter().map(|later| (**later).clone()).collect();
                flat =
                    if first_is_place && index == 0 { self.hold_place(flat, &later) } else { self.hold(flat, &later) };
            }
            *operands[index] = flat;
        }
    }

    /// A value.
    fn hold(&mut self, expr: Expr, later: &[Expr]) -> Expr {
        if let Some((root, _)) = as_place(&expr) {
            let changes = later.iter().any(|later| changes(later, &expr, Changes::Anyhow));
            return if changes && self.variable(&root).is_some() { self.hold_operand(expr, false) } else { expr };
        }
        match expr {
            Expr::Lit(_) | Expr::Path(_) => expr,
            Expr::Closure(_) => {
                self.check_unchanged(&expr, later);
                expr
            }
            Expr::Paren(mut inner) => {
                *inner.expr = self.hold(*inner.expr, later);
                Expr::Paren(inner)
            }
            Expr::Group(inner) => self.hold(*inner.expr, later),
            Expr::Cast(mut inner) => {
                *inner.expr = self.hold(*inner.expr, later);
                Expr::Cast(inner)
            }
            // What is borrowed can't change in between: rustc sees to that in the inline form.
            Expr::Reference(mut inner) => {
                if as_place(&inner.expr).is_none() {
                    *inner.expr = self.hold_place(*inner.expr, later);
                }
                Expr::Reference(inner)
            }
            other => self.hold_operand(other, false),
        }
    }

    /// A place, or a value that is used as one.
    fn hold_place(&mut self, expr: Expr, later: &[Expr]) -> Expr {
        if as_place(&expr).is_some() {
            self.check_unchanged(&expr, later);
            return expr;
        }
        match expr {
            Expr::Lit(_) | Expr::Path(_) => expr,
            Expr::Paren(mut inner) => {
                *inner.expr = self.hold_place(*inner.expr, later);
                Expr::Paren(inner)
            }
            Expr::Group(inner) => self.hold_place(*inner.expr, later),
            Expr::Field(mut inner) => {
                *inner.base = self.hold_place(*inner.base, later);
                Expr::Field(inner)
            }
            Expr::Index(mut inner) => {
                *inner.expr = self.hold_place(*inner.expr, later);
                *inner.index = self.hold(*inner.index, later);
                Expr::Index(inner)
            }
            Expr::Unary(mut inner) if matches!(inner.op, UnOp::Deref(_)) => {
                *inner.expr = self.hold_place(*inner.expr, later);
                Expr::Unary(inner)
            }
            Expr::Reference(_) => self.hold(expr, later),
            other => self.hold_operand(other, true),
        }
    }

    /// Evaluates an expression here, into a variable.
    pub(super) fn hold_now(&mut self, expr: Expr, mutable: bool) -> Expr {
        let (held, ident) = self.temporary("held", expr.span(), mutable, None);
        self.reveal(held);
        let mutability = mutable.then(|| quote::quote!(mut));
        self.line(parse_quote!(let #mutability #ident = #expr;), vec![held]);
        parse_quote!(#ident)
    }

    /// The same for an operand that stands before a step in its expression.
    fn hold_operand(&mut self, expr: Expr, mutable: bool) -> Expr {
        let held = self.hold_now(expr, mutable);
        if let Some(var) = as_place(&held).and_then(|(name, _)| self.variable(&name)) {
            self.graph.vars[var].kind = Kind::Operand;
        }
        held
    }

    fn check_unchanged(&mut self, expr: &Expr, later: &[Expr]) {
        for later in later {
            if changes(later, expr, Changes::Plainly) {
                let text = expr.to_token_stream().to_string().replace(" . ", ".");
                self.diagnostics.error(
                    later,
                    format!(
                        "`{text}` is read before this step and changed by it: read it into a variable first, with `let`"
                    ),
                );
            }
        }
    }
}

/// What counts as a change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Changes {
    /// An assignment, a mutable borrow.
    Plainly,
    /// Also a method call or macro call, of which it can't be known.
    Anyhow,
    /// As [`Plainly`](Self::Plainly), of what is used as an index.
    Index,
}

/// Whether an expression changes what another one reads.
pub(super) fn changes(expr: &Expr, read: &Expr, what: Changes) -> bool {
    let mut places = Places { found: Vec::new(), indices_only: what == Changes::Index };
    places.visit_expr(read);
    let mut find = Find { places: &places.found, what, found: false };
    find.visit_expr(expr);
    find.found
}

/// The places that an expression reads.
struct Places {
    found: Vec<(Ident, Path)>,
    indices_only: bool,
}

impl<'ast> Visit<'ast> for Places {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match (as_place(expr), expr) {
            (Some((root, fields)), _) if !self.indices_only => self.found.push((root, analyze::path(&fields))),
            (_, Expr::Index(inner)) if self.indices_only => {
                self.visit_expr(&inner.expr);
                let mut index = Self { found: Vec::new(), indices_only: false };
                index.visit_expr(&inner.index);
                self.found.extend(index.found);
            }
            _ => visit::visit_expr(self, expr),
        }
    }
}

struct Find<'a> {
    places: &'a [(Ident, Path)],
    what: Changes,
    found: bool,
}

impl Find<'_> {
    fn target(&mut self, expr: &Expr) {
        let target = match expr {
            Expr::Index(inner) => return self.target(&inner.expr),
            Expr::Tuple(inner) => return inner.elems.iter().for_each(|elem| self.target(elem)),
            Expr::Array(inner) => return inner.elems.iter().for_each(|elem| self.target(elem)),
            other => as_place(other),
        };
        let Some((root, fields)) = target else { return };
        let path = analyze::path(&fields);
        self.found |= self
            .places
            .iter()
            .any(|(known, other)| *known == root && (other.starts_with(&path) || path.starts_with(other)));
    }
}

impl<'ast> Visit<'ast> for Find<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Assign(assign) => self.target(&assign.left),
            Expr::Binary(binary) if is_compound(&binary.op) => self.target(&binary.left),
            Expr::Reference(reference) if reference.mutability.is_some() => self.target(&reference.expr),
            _ => {}
        }
        visit::visit_expr(self, expr);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if self.what == Changes::Anyhow {
            self.target(&call.receiver);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if self.what == Changes::Anyhow {
            self.found |= mentions(call.tokens.clone(), self.places);
        }
    }
}

fn mentions(tokens: TokenStream, places: &[(Ident, Path)]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => places.iter().any(|(root, _)| *root == ident),
        TokenTree::Group(group) => mentions(group.stream(), places),
        _ => false,
    })
}
