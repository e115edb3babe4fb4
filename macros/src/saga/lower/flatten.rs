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
use syn::{BinOp, Expr, ExprStruct, Type, parse_quote};

use super::super::graph::End;
use super::super::suspends;
use super::{Lower, held};

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
                let (left, right) = (in_condition(*inner.left), inner.right);
                let branches: Expr = match inner.op {
                    BinOp::And(_) => parse_quote!(if #left { #right } else { false }),
                    _ => parse_quote!(if #left { true } else { #right }),
                };
                self.structured(branches, None)
            }
            Expr::Binary(mut inner) if is_compound(&inner.op) => {
                self.check_target(&inner.left);
                // Whether the left side is evaluated before or after the right one depends on the types.
                if !suspends::expr(&inner.left)
                    && (has_effects(&inner.left) || held::changes(&inner.right, &inner.left, held::Changes::Index))
                {
                    self.diagnostics.error(
                        &inner.left,
                        "what stands here is evaluated before the step or after it, depending on its type: \
                         read the step's result into a variable first, with `let`",
                    );
                }
                *inner.right = self.flatten(*inner.right);
                Expr::Binary(inner)
            }
            Expr::Assign(mut inner) => {
                self.check_target(&inner.left);
                *inner.right = self.flatten(*inner.right);
                Expr::Assign(inner)
            }
            Expr::Binary(mut inner) => {
                self.operands(&mut [&mut inner.left, &mut inner.right], false);
                Expr::Binary(inner)
            }
            Expr::Index(mut inner) => {
                self.operands(&mut [&mut inner.expr, &mut inner.index], true);
                Expr::Index(inner)
            }
            Expr::Range(mut inner) => {
                let mut ends: Vec<_> =
                    inner.start.iter_mut().chain(inner.end.iter_mut()).map(|end| &mut **end).collect();
                self.operands(&mut ends, false);
                Expr::Range(inner)
            }
            Expr::Call(mut inner) => {
                let mut operands = vec![&mut *inner.func];
                operands.extend(inner.args.iter_mut());
                self.operands(&mut operands, false);
                Expr::Call(inner)
            }
            Expr::MethodCall(mut inner) => {
                let mut operands = vec![&mut *inner.receiver];
                operands.extend(inner.args.iter_mut());
                self.operands(&mut operands, true);
                Expr::MethodCall(inner)
            }
            Expr::Tuple(mut inner) => {
                self.operands(&mut inner.elems.iter_mut().collect::<Vec<_>>(), false);
                Expr::Tuple(inner)
            }
            Expr::Array(mut inner) => {
                self.operands(&mut inner.elems.iter_mut().collect::<Vec<_>>(), false);
                Expr::Array(inner)
            }
            Expr::Repeat(mut inner) => {
                *inner.expr = self.flatten(*inner.expr);
                Expr::Repeat(inner)
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
                self.operands(&mut operands, false);
                Expr::Struct(inner)
            }
            Expr::If(mut inner) if suspends::head_only(&Expr::If(inner.clone())) => {
                let head = suspends::first_condition(&mut inner.cond);
                *head = self.flatten(std::mem::replace(head, parse_quote!(())));
                self.jumps(Expr::If(inner))
            }
            Expr::Match(mut inner) if suspends::head_only(&Expr::Match(inner.clone())) => {
                *inner.expr = self.flatten(*inner.expr);
                self.jumps(Expr::Match(inner))
            }
            Expr::ForLoop(mut inner) if suspends::head_only(&Expr::ForLoop(inner.clone())) => {
                *inner.expr = self.flatten(*inner.expr);
                self.jumps(Expr::ForLoop(inner))
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

    fn check_target(&mut self, target: &Expr) {
        if suspends::expr(target) {
            self.diagnostics
                .error(target, "a step can't be awaited in the place that is assigned to: await it before, with `let`");
        }
    }
}

/// A struct literal needs parentheses in a condition.
fn in_condition(expr: Expr) -> Expr {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_struct(&mut self, _: &'ast ExprStruct) {
            self.0 = true;
        }
    }
    let mut find = Find(false);
    find.visit_expr(&expr);
    if find.0 { parse_quote!((#expr)) } else { expr }
}

/// Whether evaluating a place does more than reading: it calls something.
fn has_effects(place: &Expr) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr(&mut self, expr: &'ast Expr) {
            self.0 |= match expr {
                Expr::MethodCall(call) => call.method != "len",
                Expr::Call(_) | Expr::Macro(_) | Expr::Assign(_) | Expr::Block(_) => true,
                _ => false,
            };
            visit::visit_expr(self, expr);
        }
    }
    let mut find = Find(false);
    find.visit_expr(place);
    find.0
}

pub(super) fn is_compound(op: &BinOp) -> bool {
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

/// The name of what is awaited: of the function or macro called, through method calls on the call; of the variable otherwise.
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
        Expr::Macro(call) => {
            let last = call.mac.path.segments.last();
            last.map_or_else(|| "step".to_owned(), |segment| crate::message::unraw(&segment.ident))
        }
        _ => "step".to_owned(),
    }
}
