//! Control flow that suspends.

use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprIf, ExprLoop, ExprMatch, ExprWhile, Label, Pat, Stmt, parse_quote};

use super::super::graph::{Arm, BlockId, End, VarId};
use super::super::pattern::{bindings, guard};
use super::super::suspends;
use super::{Dest, Enclosing, Lower};

impl Lower<'_> {
    /// Any expression; its value goes to `dest`.
    pub(super) fn expr(&mut self, expr: Expr, dest: &Dest) {
        if !suspends::expr(&expr) {
            let expr = self.jumps(expr);
            return self.finish(expr, dest);
        }
        match expr {
            head_only if suspends::head_only(&head_only) => {
                let value = self.flatten(head_only);
                self.finish(value, dest);
            }
            Expr::If(inner) => self.if_(inner, dest),
            Expr::Match(inner) => self.match_(inner, dest),
            Expr::Loop(inner) => self.loop_(inner, dest),
            Expr::While(inner) => self.while_(inner, dest),
            Expr::ForLoop(inner) => self.for_(inner, dest),
            Expr::Block(inner) => match &inner.label {
                None => self.body(inner.block.stmts, dest),
                Some(label) => {
                    let exit = self.block("after_block");
                    self.loops.push(Enclosing { label: label_of(Some(label)), head: None, exit, dest: dest.clone() });
                    self.body(inner.block.stmts, dest);
                    self.loops.pop();
                    self.join(exit, dest);
                }
            },
            Expr::Unsafe(inner) => self.body(inner.block.stmts, dest),
            Expr::Paren(inner) => self.expr(*inner.expr, dest),
            Expr::Group(inner) => self.expr(*inner.expr, dest),
            Expr::Return(inner) => {
                let value = inner.expr.map_or_else(|| parse_quote!(()), |value| self.flatten(*value));
                self.end(End::Return(value));
            }
            Expr::Break(inner) => {
                let target =
                    self.enclosing(inner.label.as_ref()).map(|enclosing| (enclosing.exit, enclosing.dest.clone()));
                let Some((exit, target)) = target else {
                    let message = match &inner.label {
                        Some(label) => format!("no loop or block around this `break` has the label `{label}`"),
                        None => "this `break` stands in no loop: use `return`, or give a block a label".to_owned(),
                    };
                    return self.diagnostics.error(inner.break_token, message);
                };
                if let Some(value) = inner.expr {
                    self.expr(*value, &target);
                }
                self.end(End::Goto(exit));
            }
            other => {
                let value = self.flatten(other);
                self.finish(value, dest);
            }
        }
    }

    /// Ends the current block towards `to`, and goes on there.
    fn join(&mut self, to: BlockId, dest: &Dest) {
        self.end(End::Goto(to));
        self.enter(to);
        // With `Dest::Return` every branch has returned its own value.
        self.reachable = !matches!(dest, Dest::Return);
    }

    fn if_(&mut self, inner: ExprIf, dest: &Dest) {
        let (otherwise, exit) = (self.block("otherwise"), self.block("after_if"));
        let yields = yields(&inner.then_branch);
        self.scoped(|lower| {
            lower.condition(*inner.cond, otherwise);
            lower.body(inner.then_branch.stmts, dest);
            lower.end(End::Goto(exit));
        });
        self.enter(otherwise);
        match inner.else_branch {
            Some((_, branch)) => self.expr(*branch, dest),
            // Of the type that the block has: if that isn't `()`, the inline form has an error, and this has none.
            None if yields && matches!(dest, Dest::Var(_)) => {
                let root = &self.graph.root;
                self.finish(parse_quote!(#root::__private::unit()), dest);
            }
            None => self.unit(dest),
        }
        self.join(exit, dest);
    }

    /// Goes on if the condition holds, otherwise to `otherwise`. What it binds is visible from here on.
    fn condition(&mut self, cond: Expr, otherwise: BlockId) {
        match cond {
            Expr::Paren(inner) if suspends::expr(&inner.expr) => self.condition(*inner.expr, otherwise),
            Expr::Binary(binary)
                if matches!(binary.op, BinOp::And(_)) && suspends::expr(&Expr::Binary(binary.clone())) =>
            {
                self.condition(*binary.left, otherwise);
                self.condition(*binary.right, otherwise);
            }
            Expr::Let(mut binding) => {
                let value = self.flatten(*binding.expr);
                *binding.expr = self.own(value);
                self.branch(Expr::Let(binding), otherwise);
            }
            other => {
                let cond = self.flatten(other);
                self.branch(cond, otherwise);
            }
        }
    }

    fn branch(&mut self, cond: Expr, otherwise: BlockId) {
        let then = self.block("then");
        let binds = self.bind_condition(&cond);
        let reachable = self.reachable;
        self.end(End::If { cond, binds, then, otherwise });
        self.enter(then);
        self.reachable = reachable;
    }

    /// Binds the variables of a condition's `let`s.
    fn bind_condition(&mut self, cond: &Expr) -> Vec<VarId> {
        match cond {
            Expr::Let(binding) => {
                let remakes = self.remakes(&binding.pat, &binding.expr);
                let binds = self.bind(&bindings(&binding.pat));
                self.note_remakes(&binds, remakes);
                binds
            }
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
                let mut binds = self.bind_condition(&binary.left);
                binds.extend(self.bind_condition(&binary.right));
                binds
            }
            _ => Vec::new(),
        }
    }

    fn match_(&mut self, inner: ExprMatch, dest: &Dest) {
        let scrutinee = self.flatten(*inner.expr);
        let scrutinee = self.own(scrutinee);
        let (from, reachable) = (self.current, self.reachable);
        let exit = self.block("after_match");
        let mut arms = Vec::new();
        for arm in inner.arms {
            if let Pat::Guard(guard) = &arm.pat
                && suspends::expr(&guard.guard)
            {
                self.diagnostics
                    .error(&guard.guard, "a step can't be awaited in the guard of an arm: await it before the `match`");
            }
            self.scoped(|lower| {
                let block = lower.block("arm");
                let mut pat = arm.pat;
                if let Pat::Guard(guard) = &mut pat {
                    *guard.guard = lower.jumps((*guard.guard).clone());
                }
                let remakes = lower.remakes(&pat, &scrutinee);
                let mut binds = lower.bind(&bindings(&pat));
                lower.note_remakes(&binds, remakes);
                // `Some(x) if let Some(y) = find(x)`
                if let Some(guard) = guard(&pat) {
                    binds.extend(lower.bind_condition(guard));
                }
                lower.enter(block);
                lower.expr(*arm.body, dest);
                lower.end(End::Goto(exit));
                arms.push(Arm { attrs: arm.attrs, pat, binds, block });
            });
        }
        (self.current, self.reachable) = (from, reachable);
        self.end(End::Match { scrutinee, arms });
        self.enter(exit);
        self.reachable = !matches!(dest, Dest::Return);
    }

    fn loop_(&mut self, inner: ExprLoop, dest: &Dest) {
        let (head, exit) = (self.block("again"), self.block("after_loop"));
        self.end(End::Goto(head));
        self.enter(head);
        self.loops.push(Enclosing {
            label: label_of(inner.label.as_ref()),
            head: Some(head),
            exit,
            dest: dest.clone(),
        });
        self.body(inner.body.stmts, &Dest::Ignore);
        self.loops.pop();
        self.end(End::Goto(head));
        self.enter(exit);
        self.reachable = !matches!(dest, Dest::Return);
    }

    fn while_(&mut self, inner: ExprWhile, dest: &Dest) {
        let (head, exit) = (self.block("again"), self.block("after_while"));
        self.end(End::Goto(head));
        self.enter(head);
        self.loops.push(Enclosing {
            label: label_of(inner.label.as_ref()),
            head: Some(head),
            exit,
            dest: Dest::Ignore,
        });
        self.scoped(|lower| {
            lower.condition(*inner.cond, exit);
            lower.body(inner.body.stmts, &Dest::Ignore);
        });
        self.loops.pop();
        self.end(End::Goto(head));
        self.enter(exit);
        self.unit(dest);
    }

    /// An expression whose value is needed in the middle of another one.
    pub(super) fn structured(&mut self, expr: Expr, ty: Option<syn::Type>) -> Expr {
        let (var, ident) = self.temporary("value", expr.span(), false, ty);
        self.reveal(var);
        self.expr(expr, &Dest::Var(var));
        parse_quote!(#ident)
    }
}

/// Whether a block has a value at its end whose type is plain.
fn yields(block: &syn::Block) -> bool {
    matches!(block.stmts.last(), Some(Stmt::Expr(Expr::Await(_) | Expr::Try(_) | Expr::Lit(_) | Expr::Binary(_), None)))
}

pub(super) fn label_of(label: Option<&Label>) -> Option<proc_macro2::Ident> {
    label.map(|label| label.name.ident.clone())
}
