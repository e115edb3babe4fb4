//! Finds the suspensions of a saga: its own `.await`s, not those of closures, async blocks and items in it.

use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprAsync, ExprAwait, ExprClosure, Item, Stmt};

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
