//! Control flow that suspends.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprForLoop, ExprIf, ExprLoop, ExprMatch, ExprWhile, Label, Pat, parse_quote};

use super::super::graph::{Arm, BlockId, End};
use super::super::pattern::{bindings, condition_bindings};
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
                    return self
                        .diagnostics
                        .error(inner.break_token, "this `break` leaves nothing that a step can be awaited in");
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
        self.scoped(|lower| {
            lower.condition(*inner.cond, otherwise);
            lower.body(inner.then_branch.stmts, dest);
            lower.end(End::Goto(exit));
        });
        self.enter(otherwise);
        match inner.else_branch {
            Some((_, branch)) => self.expr(*branch, dest),
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
                *binding.expr = self.flatten(*binding.expr);
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
        let binds = self.bind(&condition_bindings(&cond));
        let reachable = self.reachable;
        self.end(End::If { cond, binds, then, otherwise });
        self.enter(then);
        self.reachable = reachable;
    }

    fn match_(&mut self, inner: ExprMatch, dest: &Dest) {
        let scrutinee = self.flatten(*inner.expr);
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
                let binds = lower.bind(&bindings(&pat));
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

    /// ```text
    /// for item in items { … }
    /// let mut rest_of_item = Iterable(items).rest(); loop { match rest_of_item.next() { Some(item) => { … } None => break } }
    /// ```
    fn for_(&mut self, inner: ExprForLoop, dest: &Dest) {
        let span = inner.expr.span();
        let iterable = self.flatten(*inner.expr);
        let names = bindings(&inner.pat);
        let name = names
            .first()
            .map_or_else(|| "rest".to_owned(), |binding| format!("rest_of_{}", crate::message::unraw(&binding.ident)));
        let (rest, ident) = self.temporary(&name, span, true, None);
        self.reveal(rest);
        self.line(parse_quote!(let mut #ident = ::sagaflow::__private::Iterable(#iterable).rest();), vec![rest]);
        let (head, exit) = (self.block("next_item"), self.block("after_for"));
        self.end(End::Goto(head));
        self.enter(head);
        let mut body = 0;
        let (mut binds, reachable) = (Vec::new(), self.reachable);
        self.loops.push(Enclosing {
            label: label_of(inner.label.as_ref()),
            head: Some(head),
            exit,
            dest: Dest::Ignore,
        });
        self.scoped(|lower| {
            body = lower.block("item");
            binds = lower.bind(&names);
            lower.enter(body);
            lower.body(inner.body.stmts, &Dest::Ignore);
            lower.end(End::Goto(head));
        });
        self.loops.pop();
        let pat = inner.pat;
        let done = self.block("done");
        let arms = vec![
            Arm { attrs: Vec::new(), pat: parse_quote!(::core::option::Option::Some(#pat)), binds, block: body },
            Arm { attrs: Vec::new(), pat: parse_quote!(::core::option::Option::None), binds: Vec::new(), block: done },
        ];
        (self.current, self.reachable) = (head, reachable);
        self.end(End::Match { scrutinee: parse_quote!(#ident.next()), arms });
        self.enter(done);
        self.end(End::Goto(exit));
        self.enter(exit);
        self.unit(dest);
    }

    /// An expression whose value is needed in the middle of another one.
    pub(super) fn structured(&mut self, expr: Expr, ty: Option<syn::Type>) -> Expr {
        let (var, ident) = self.temporary("value", Span::call_site(), false, ty);
        self.reveal(var);
        self.expr(expr, &Dest::Var(var));
        parse_quote!(#ident)
    }
}

fn label_of(label: Option<&Label>) -> Option<proc_macro2::Ident> {
    label.map(|label| label.name.ident.clone())
}
