//! Walks code that stays verbatim, and meets every place in it: a variable, or a field of one.
//!
//! The walk knows scopes: what a closure, an inner block or a pattern binds hides the variable of that name outside.
//! Identifiers in macro calls and in their format strings count as places, too.

use std::collections::HashSet;

use proc_macro2::{Delimiter, Group, Ident, Literal};
use syn::visit_mut::{self, VisitMut};
use syn::{Arm, Block, Expr, ExprClosure, ExprForLoop, ExprIf, ExprStruct, ExprWhile, Macro, Member, Pat, Stmt};

use super::graph::Jump;
use super::macro_tokens::{Strings, strings_of};
use super::pattern::{bindings, condition_bindings, irrefutable, of_local};

/// What is to be done with the places of a piece of code.
pub(crate) trait Handler {
    /// Meets a place: a variable and a path of fields. Returns what to write instead of the first
    /// `n` of its parts (the variable and `n - 1` fields).
    fn place(&mut self, root: &Ident, fields: &[Member]) -> Option<(Ident, usize)>;

    /// Meets an assignment to a variable as a whole, which does not read it.
    fn assigned(&mut self, root: &Ident) -> Option<Ident> {
        self.place(root, &[]).map(|(ident, _)| ident)
    }

    /// Meets a jump out of this code; returns what to write for it.
    fn jump(&mut self, jump: Jump) -> Option<Expr> {
        let _ = jump;
        None
    }

    /// Meets a string in a macro call other than those whose strings are known to be formats.
    fn unknown_format(&mut self, literal: &Literal, name: &str) {
        let _ = (literal, name);
    }
}

/// The walk; see the [module's page](self).
pub(crate) struct Walk<'h, H> {
    pub(super) handler: &'h mut H,
    /// The names bound by inner scopes, innermost last.
    hidden: Vec<HashSet<String>>,
}

impl<'h, H: Handler> Walk<'h, H> {
    pub(crate) fn new(handler: &'h mut H) -> Self {
        Self { handler, hidden: Vec::new() }
    }

    pub(super) fn is_hidden(&self, name: &Ident) -> bool {
        self.hidden.iter().any(|scope| scope.contains(&name.to_string()))
    }

    fn hide(&mut self, names: impl IntoIterator<Item = super::pattern::Binding>) {
        let scope = self.hidden.last_mut().expect("a scope is open");
        scope.extend(names.into_iter().map(|binding| binding.ident.to_string()));
    }

    fn scoped(&mut self, walk: impl FnOnce(&mut Self)) {
        self.hidden.push(HashSet::new());
        walk(self);
        self.hidden.pop();
    }

    /// Walks the rest of a scope, in which a later `let` of the same name hides the variable.
    pub(crate) fn statements(&mut self, stmts: &mut [Stmt]) {
        self.scoped(|walk| stmts.iter_mut().for_each(|stmt| walk.visit_stmt_mut(stmt)));
    }

    /// Replaces a place; false if the expression is none.
    fn replace_place(&mut self, expr: &mut Expr) -> bool {
        let Some((root, fields)) = as_place(expr) else { return false };
        if self.is_hidden(&root) {
            return true;
        }
        if let Some((ident, parts)) = self.handler.place(&root, &fields) {
            let mut place = expr;
            for _ in parts..fields.len() + 1 {
                let Expr::Field(field) = unparen(place) else {
                    unreachable!("a place has as many fields as were found")
                };
                place = &mut field.base;
            }
            *unparen(place) = syn::parse_quote!(#ident);
        }
        true
    }

    /// The left side of an assignment: `x`, `x.field`, `(x, _)`, `[x, ..]`, `Pair { a: x, .. }`.
    fn target(&mut self, target: &mut Expr) {
        match target {
            Expr::Tuple(inner) => inner.elems.iter_mut().for_each(|elem| self.target(elem)),
            Expr::Array(inner) => inner.elems.iter_mut().for_each(|elem| self.target(elem)),
            Expr::Call(inner) => inner.args.iter_mut().for_each(|arg| self.target(arg)),
            Expr::Paren(inner) => self.target(&mut inner.expr),
            Expr::Group(inner) => self.target(&mut inner.expr),
            Expr::Struct(inner) => {
                for field in &mut inner.fields {
                    let before = field.expr.clone();
                    self.target(&mut field.expr);
                    if field.expr != before {
                        field.colon_token.get_or_insert_default();
                    }
                }
            }
            Expr::Infer(_) => {}
            Expr::Range(inner) if inner.start.is_none() && inner.end.is_none() => {}
            other => match as_place(other) {
                Some((root, fields)) if fields.is_empty() => {
                    if !self.is_hidden(&root)
                        && let Some(new) = self.handler.assigned(&root)
                    {
                        *other = syn::parse_quote!(#new);
                    }
                }
                _ => self.visit_expr_mut(other),
            },
        }
    }
}

impl<H: Handler> VisitMut for Walk<'_, H> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Some(jump) = Jump::read(expr) {
            if let Some(new) = self.handler.jump(jump) {
                *expr = new;
            }
            return;
        }
        if let Expr::Assign(assign) = expr {
            self.visit_expr_mut(&mut assign.right);
            return self.target(&mut assign.left);
        }
        if !self.replace_place(expr) {
            visit_mut::visit_expr_mut(self, expr);
        }
    }

    fn visit_expr_struct_mut(&mut self, expr: &mut ExprStruct) {
        for field in &mut expr.fields {
            let before = field.expr.clone();
            self.visit_expr_mut(&mut field.expr);
            if field.expr != before {
                field.colon_token.get_or_insert_default();
            }
        }
        if let Some(rest) = &mut expr.rest {
            self.visit_expr_mut(rest);
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.statements(&mut block.stmts);
        // What was written for a jump needs no braces of its own at the end of a block.
        if let Some(Stmt::Expr(Expr::Verbatim(tokens), semi)) = block.stmts.last_mut()
            && let Ok(inner) = syn::parse2::<Group>(tokens.clone())
            && inner.delimiter() == Delimiter::Brace
        {
            (*tokens, *semi) = (inner.stream(), None);
        }
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        let Stmt::Local(local) = stmt else { return visit_mut::visit_stmt_mut(self, stmt) };
        if let Some(init) = &mut local.init {
            self.visit_expr_mut(&mut init.expr);
            if let Some((_, diverge)) = &mut init.diverge {
                self.visit_expr_mut(diverge);
            }
        }
        self.visit_pat_mut(&mut local.pat);
        if !self.hidden.is_empty() {
            self.hide(of_local(local));
        }
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        self.scoped(|walk| {
            closure.inputs.iter().for_each(|input| walk.hide(irrefutable(input)));
            walk.visit_expr_mut(&mut closure.body);
        });
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        self.scoped(|walk| {
            walk.hide(bindings(&arm.pat));
            walk.visit_pat_mut(&mut arm.pat);
            walk.visit_expr_mut(&mut arm.body);
        });
    }

    fn visit_expr_if_mut(&mut self, expr: &mut ExprIf) {
        self.scoped(|walk| {
            walk.visit_expr_mut(&mut expr.cond);
            walk.visit_block_mut(&mut expr.then_branch);
        });
        if let Some((_, otherwise)) = &mut expr.else_branch {
            self.visit_expr_mut(otherwise);
        }
    }

    fn visit_expr_while_mut(&mut self, expr: &mut ExprWhile) {
        self.scoped(|walk| {
            walk.visit_expr_mut(&mut expr.cond);
            walk.visit_block_mut(&mut expr.body);
        });
    }

    fn visit_expr_let_mut(&mut self, expr: &mut syn::ExprLet) {
        self.visit_expr_mut(&mut expr.expr);
        if !self.hidden.is_empty() {
            self.hide(condition_bindings(&Expr::Let(expr.clone())));
        }
    }

    fn visit_expr_for_loop_mut(&mut self, expr: &mut ExprForLoop) {
        self.visit_expr_mut(&mut expr.expr);
        self.scoped(|walk| {
            walk.hide(irrefutable(&expr.pat));
            walk.visit_block_mut(&mut expr.body);
        });
    }

    fn visit_pat_mut(&mut self, pat: &mut Pat) {
        // Only guards and constants hold expressions; the names that a pattern binds are no places.
        if let Pat::Guard(guard) = pat {
            self.visit_expr_mut(&mut guard.guard);
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        let strings = mac.path.segments.last().map_or(Strings::Unknown, |segment| strings_of(&segment.ident));
        mac.tokens = self.tokens(std::mem::take(&mut mac.tokens), false, strings);
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {
        // An item sees no variables.
    }
}

/// The variable and the fields, if the expression is nothing else: `request.customer.name`.
pub(crate) fn as_place(expr: &Expr) -> Option<(Ident, Vec<Member>)> {
    match expr {
        Expr::Path(path) if path.qself.is_none() && path.attrs.is_empty() => {
            Some((path.path.get_ident()?.clone(), Vec::new()))
        }
        Expr::Field(field) => {
            let (root, mut fields) = as_place(&field.base)?;
            fields.push(field.member.clone());
            Some((root, fields))
        }
        Expr::Paren(paren) => as_place(&paren.expr),
        Expr::Group(group) => as_place(&group.expr),
        _ => None,
    }
}

fn unparen(mut expr: &mut Expr) -> &mut Expr {
    loop {
        match expr {
            Expr::Paren(paren) => expr = &mut paren.expr,
            Expr::Group(group) => expr = &mut group.expr,
            other => return other,
        }
    }
}
