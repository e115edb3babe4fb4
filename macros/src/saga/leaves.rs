//! Whether code leaves a loop or block around it.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{
    Block, Expr, ExprAsync, ExprBlock, ExprBreak, ExprClosure, ExprContinue, ExprForLoop, ExprLoop, ExprWhile, Item,
    Label, Lifetime,
};

/// Whether a `break` or `continue` in it means a loop or block around it.
pub(super) fn leaves(expr: &Expr) -> bool {
    let mut find = Leaves { found: false, loops: 0, labels: Vec::new() };
    find.visit_expr(expr);
    find.found
}

struct Leaves {
    found: bool,
    /// How many loops of its own are around.
    loops: usize,
    /// The labels of those, and of blocks.
    labels: Vec<Ident>,
}

impl Leaves {
    fn jump(&mut self, label: Option<&Lifetime>) {
        self.found |= label.map_or(self.loops == 0, |label| !self.labels.contains(&label.ident));
    }

    fn within(&mut self, label: Option<&Label>, is_loop: bool, body: &Block) {
        self.labels.extend(label.map(|label| label.name.ident.clone()));
        self.loops += usize::from(is_loop);
        self.visit_block(body);
        self.loops -= usize::from(is_loop);
        if label.is_some() {
            self.labels.pop();
        }
    }
}

impl<'ast> Visit<'ast> for Leaves {
    fn visit_expr_break(&mut self, inner: &'ast ExprBreak) {
        self.jump(inner.label.as_ref());
        visit::visit_expr_break(self, inner);
    }

    fn visit_expr_continue(&mut self, inner: &'ast ExprContinue) {
        self.jump(inner.label.as_ref());
    }

    fn visit_expr_loop(&mut self, inner: &'ast ExprLoop) {
        self.within(inner.label.as_ref(), true, &inner.body);
    }

    fn visit_expr_while(&mut self, inner: &'ast ExprWhile) {
        self.loops += 1;
        self.visit_expr(&inner.cond);
        self.loops -= 1;
        self.within(inner.label.as_ref(), true, &inner.body);
    }

    fn visit_expr_for_loop(&mut self, inner: &'ast ExprForLoop) {
        self.visit_expr(&inner.expr);
        self.within(inner.label.as_ref(), true, &inner.body);
    }

    fn visit_expr_block(&mut self, inner: &'ast ExprBlock) {
        self.within(inner.label.as_ref(), false, &inner.block);
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}

    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}

    fn visit_item(&mut self, _: &'ast Item) {}
}
