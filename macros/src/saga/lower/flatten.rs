//! Suspensions in the middle of an expression: what is evaluated before them is kept in variables.
//!
//! ```text
//! pay(total(&order), fee(order.id).await?)
//! // let held = total(&order); suspend at `fee`: fee(order.id); then:
//! // pay(held, reply?)
//! ```

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, Stmt, Type, parse_quote};

use super::super::graph::End;
use super::super::places::as_place;
use super::super::suspends;
use super::Lower;

impl Lower<'_> {
    /// Takes the suspensions out of an expression: what is returned has none, and is to be evaluated next.
    pub(super) fn flatten(&mut self, expr: Expr) -> Expr {
        self.value(expr, None)
    }

    /// The same; a type that is known is given to the variable that takes a value from several branches.
    pub(super) fn value(&mut self, expr: Expr, ty: Option<Type>) -> Expr {
        if !suspends::expr(&expr) {
            return self.jumps(expr);
        }
        match expr {
            Expr::Await(inner) => {
                let span = inner.await_token.span();
                let name = (*inner.base).clone();
                let call = self.flatten(*inner.base);
                self.suspend(&name, call, span)
            }
            Expr::Try(mut inner) => {
                *inner.expr = self.flatten(*inner.expr);
                Expr::Try(inner)
            }
            Expr::Paren(mut inner) => {
                *inner.expr = self.value(*inner.expr, ty);
                Expr::Paren(inner)
            }
            Expr::Group(inner) => self.value(*inner.expr, ty),
            Expr::Unary(mut inner) => {
                *inner.expr = self.flatten(*inner.expr);
                Expr::Unary(inner)
            }
            Expr::Reference(mut inner) => {
                *inner.expr = self.flatten(*inner.expr);
                Expr::Reference(inner)
            }
            Expr::Cast(mut inner) => {
                *inner.expr = self.flatten(*inner.expr);
                Expr::Cast(inner)
            }
            Expr::Field(mut inner) => {
                *inner.base = self.flatten(*inner.base);
                Expr::Field(inner)
            }
            Expr::Binary(inner) if matches!(inner.op, BinOp::And(_) | BinOp::Or(_)) => {
                let (left, right) = (inner.left, inner.right);
                let branches: Expr = match inner.op {
                    BinOp::And(_) => parse_quote!(if #left { #right } else { false }),
                    _ => parse_quote!(if #left { true } else { #right }),
                };
                self.structured(branches, None)
            }
            Expr::Binary(mut inner) if is_compound(&inner.op) => {
                if suspends::expr(&inner.left) {
                    self.diagnostics.error(
                        &inner.left,
                        "a step can't be awaited in the place that is assigned to: await it before, with `let`",
                    );
                }
                *inner.right = self.flatten(*inner.right);
                Expr::Binary(inner)
            }
            Expr::Assign(mut inner) => {
                if suspends::expr(&inner.left) {
                    self.diagnostics.error(
                        &inner.left,
                        "a step can't be awaited in the place that is assigned to: await it before, with `let`",
                    );
                }
                *inner.right = self.flatten(*inner.right);
                Expr::Assign(inner)
            }
            Expr::Binary(mut inner) => {
                self.operands(&mut [&mut inner.left, &mut inner.right]);
                Expr::Binary(inner)
            }
            Expr::Index(mut inner) => {
                self.operands(&mut [&mut inner.expr, &mut inner.index]);
                Expr::Index(inner)
            }
            Expr::Range(mut inner) => {
                let mut ends: Vec<_> =
                    inner.start.iter_mut().chain(inner.end.iter_mut()).map(|end| &mut **end).collect();
                self.operands(&mut ends);
                Expr::Range(inner)
            }
            Expr::Call(mut inner) => {
                let mut operands = vec![&mut *inner.func];
                operands.extend(inner.args.iter_mut());
                self.operands(&mut operands);
                Expr::Call(inner)
            }
            Expr::MethodCall(mut inner) => {
                let mut operands = vec![&mut *inner.receiver];
                operands.extend(inner.args.iter_mut());
                self.operands(&mut operands);
                Expr::MethodCall(inner)
            }
            Expr::Tuple(mut inner) => {
                self.operands(&mut inner.elems.iter_mut().collect::<Vec<_>>());
                Expr::Tuple(inner)
            }
            Expr::Array(mut inner) => {
                self.operands(&mut inner.elems.iter_mut().collect::<Vec<_>>());
                Expr::Array(inner)
            }
            Expr::Struct(mut inner) => {
                let mut operands: Vec<_> = inner
                    .fields
                    .iter_mut()
                    .map(|field| {
                        // The expression of a shorthand field may be replaced.
                        field.colon_token.get_or_insert_default();
                        &mut field.expr
                    })
                    .collect();
                operands.extend(inner.rest.as_deref_mut());
                self.operands(&mut operands);
                Expr::Struct(inner)
            }
            Expr::If(_)
            | Expr::Match(_)
            | Expr::Block(_)
            | Expr::Unsafe(_)
            | Expr::Loop(_)
            | Expr::While(_)
            | Expr::ForLoop(_) => self.structured(expr, ty),
            Expr::Return(_) | Expr::Break(_) => {
                self.expr(expr, &super::Dest::Ignore);
                parse_quote!(::core::unreachable!())
            }
            other => {
                self.diagnostics
                    .error(&other, "a step can't be awaited inside this expression: await it before, with `let`");
                parse_quote!(::core::unreachable!())
            }
        }
    }

    /// Ends the block with the await of a call; what is returned is the reply.
    fn suspend(&mut self, name: &Expr, call: Expr, span: Span) -> Expr {
        let site = self.site(name, span);
        let then = self.block("reply");
        let (reply, ident) = self.temporary("reply", span, false, None);
        let reachable = self.reachable;
        self.end(End::Suspend { site, call, then });
        self.enter(then);
        self.reachable = reachable;
        self.graph.blocks[then].reply = Some((site, reply));
        self.reveal(reply);
        parse_quote!(#ident)
    }

    /// Operands in their order of evaluation: what comes before a suspension is kept, unless it can as well be
    /// evaluated afterwards.
    fn operands(&mut self, operands: &mut [&mut Expr]) {
        let last = operands.iter().rposition(|operand| suspends::expr(operand)).unwrap_or(0);
        for index in 0..operands.len() {
            let operand = std::mem::replace(&mut *operands[index], parse_quote!(()));
            let flat = self.flatten(operand);
            let kept = if index >= last || is_settled(&flat) {
                if index < last
                    && let Some((root, _)) = place_of(&flat)
                {
                    for later in &operands[index + 1..=last] {
                        if changes(later, &root) {
                            self.diagnostics.error(&**later, format!("`{root}` is read before this step and changed by it: read it into a variable first, with `let`"));
                        }
                    }
                }
                flat
            } else {
                let (held, ident) = self.temporary("held", flat.span(), false, None);
                self.reveal(held);
                self.line(parse_quote!(let #ident = #flat;), vec![held]);
                parse_quote!(#ident)
            };
            *operands[index] = kept;
        }
    }
}

/// Whether evaluating the expression later makes no difference: constants, and places that nothing in between changes.
fn is_settled(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) | Expr::Closure(_) => true,
        Expr::Path(_) => true,
        Expr::Field(inner) => is_settled(&inner.base),
        Expr::Paren(inner) => is_settled(&inner.expr),
        Expr::Group(inner) => is_settled(&inner.expr),
        Expr::Reference(inner) => is_settled(&inner.expr),
        Expr::Cast(inner) => is_settled(&inner.expr),
        _ => false,
    }
}

fn place_of(expr: &Expr) -> Option<(proc_macro2::Ident, Vec<syn::Member>)> {
    match expr {
        Expr::Reference(inner) => place_of(&inner.expr),
        Expr::Cast(inner) => place_of(&inner.expr),
        other => as_place(other),
    }
}

/// Whether an expression assigns to a variable or borrows it mutably.
fn changes(expr: &Expr, root: &proc_macro2::Ident) -> bool {
    struct Find<'a>(&'a proc_macro2::Ident, bool);
    impl Find<'_> {
        fn target(&mut self, expr: &Expr) {
            self.1 |= as_place(expr).is_some_and(|(root, _)| root == *self.0);
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

        fn visit_stmt(&mut self, stmt: &'ast Stmt) {
            visit::visit_stmt(self, stmt);
        }
    }
    let mut find = Find(root, false);
    find.visit_expr(expr);
    find.1
}

fn is_compound(op: &BinOp) -> bool {
    use BinOp::{
        AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign, ShlAssign, ShrAssign,
        SubAssign,
    };
    matches!(
        op,
        AddAssign(_)
            | SubAssign(_)
            | MulAssign(_)
            | DivAssign(_)
            | RemAssign(_)
            | BitXorAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
    )
}

/// The name of what is awaited: of the function called, through method calls on the call; of the variable otherwise.
pub(super) fn call_name(call: &Expr) -> String {
    match call {
        Expr::Call(call) => call_name(&call.func),
        Expr::MethodCall(call) => call_name(&call.receiver),
        Expr::Paren(inner) => call_name(&inner.expr),
        Expr::Group(inner) => call_name(&inner.expr),
        Expr::Path(path) => {
            path.path.segments.last().map_or_else(|| "step".to_owned(), |segment| crate::message::unraw(&segment.ident))
        }
        Expr::Field(field) => field.member.to_token_stream().to_string(),
        _ => "step".to_owned(),
    }
}
