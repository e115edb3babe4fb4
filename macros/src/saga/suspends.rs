//! Finds the suspensions of a saga: its own `.await`s, not those of closures, async blocks and items in it.

use syn::visit::{self, Visit};
use syn::{BinOp, Block, Expr, ExprAsync, ExprAwait, ExprClosure, Item, Pat, Stmt};

/// Whether an expression awaits.
pub(crate) fn expr(expr: &Expr) -> bool {
    let mut find = Find(false);
    find.visit_expr(expr);
    find.0
}

/// Whether a block awaits.
pub(crate) fn block(block: &Block) -> bool {
    block.stmts.iter().any(stmt)
}

/// Whether a statement awaits.
pub(crate) fn stmt(stmt: &Stmt) -> bool {
    let mut find = Find(false);
    find.visit_stmt(stmt);
    find.0
}

/// Whether only the head of an `if`, `match` or `for` awaits: its branches can then stay as they are.
pub(crate) fn head_only(whole: &Expr) -> bool {
    match whole {
        Expr::If(inner) => {
            !block(&inner.then_branch)
                && inner.else_branch.as_ref().is_none_or(|(_, otherwise)| !expr(otherwise))
                && first_condition_only(&inner.cond)
        }
        Expr::Match(inner) => inner.arms.iter().all(|arm| !expr(&arm.body) && !pattern(&arm.pat)),
        Expr::ForLoop(inner) => !block(&inner.body),
        _ => false,
    }
}

/// In `a && b && c`, whether neither `b` nor `c` awaits.
fn first_condition_only(cond: &Expr) -> bool {
    match cond {
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
            !expr(&binary.right) && first_condition_only(&binary.left)
        }
        _ => true,
    }
}

/// The part of a condition that is evaluated first: all of it, but for `a && b`.
pub(crate) fn first_condition(cond: &mut Expr) -> &mut Expr {
    if is_and(cond)
        && let Expr::Binary(binary) = cond
    {
        return first_condition(&mut binary.left);
    }
    match cond {
        Expr::Let(binding) => &mut binding.expr,
        other => other,
    }
}

/// `a && b`.
pub(crate) fn is_and(expr: &Expr) -> bool {
    matches!(expr, Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)))
}

fn pattern(pat: &Pat) -> bool {
    let mut find = Find(false);
    find.visit_pat(pat);
    find.0
}

struct Find(bool);

impl<'ast> Visit<'ast> for Find {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        if !self.0 {
            visit::visit_expr(self, expr);
        }
    }

    fn visit_expr_await(&mut self, _: &'ast ExprAwait) {
        self.0 = true;
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}

    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}

    fn visit_item(&mut self, _: &'ast Item) {}
}
