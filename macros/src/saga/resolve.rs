//! Pass 3: gives a variable a name of its own where it hides another one that may still be needed.
//!
//! ```text
//! let user = find(1).await?;
//! if let Some(user) = partner(user.id).await? { greet(user).await?; }      // user → user_2, in this `if` only
//! bill(user).await?;
//! ```
//!
//! Afterwards no name in an inner scope hides one of an outer scope, as far as constructs that suspend go; code that
//! stays verbatim is not touched. A variable that hides one of the same scope needs no other name: nobody can reach
//! the older one any more.

use std::collections::HashSet;

use proc_macro2::{Ident, Literal};
use quote::format_ident;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Member, Pat, PatIdent, Stmt};

use super::pattern::{bindings, condition_bindings, is_binding};
use super::places::{Handler, Walk, as_place};
use super::suspends;
use crate::diagnostics::Diagnostics;

/// Renames in the body of a function with these parameters.
pub(crate) fn resolve(params: &[Ident], body: &mut Block, diagnostics: &mut Diagnostics) {
    let outer = params.iter().map(ToString::to_string).collect();
    let mut resolver = Resolver { scopes: vec![outer], taken: HashSet::new(), borrowed: HashSet::new(), diagnostics };
    resolver.block(body);
}

struct Resolver<'d> {
    /// The names of the open scopes, innermost last.
    scopes: Vec<HashSet<String>>,
    /// The names that were made up.
    taken: HashSet<String>,
    /// The variables that others borrow from (`let name = &user.name;`): those must be reachable to make the others
    /// again, so that even one of the same scope does not hide them.
    borrowed: HashSet<String>,
    diagnostics: &'d mut Diagnostics,
}

impl Resolver<'_> {
    fn scoped(&mut self, resolve: impl FnOnce(&mut Self)) {
        self.scopes.push(HashSet::new());
        resolve(self);
        self.scopes.pop();
    }

    /// Declares a name in the innermost scope; returns the new name if it hides one of an outer scope.
    fn declare(&mut self, ident: &Ident) -> Option<Ident> {
        let name = ident.to_string();
        let (inner, outer) = self.scopes.split_last_mut().expect("a scope is open");
        let hides_borrowed = inner.contains(&name) && self.borrowed.contains(&name);
        if !hides_borrowed && !outer.iter().any(|scope| scope.contains(&name)) {
            inner.insert(name);
            return None;
        }
        let plain = name.trim_start_matches("r#").to_owned();
        let new = (2..).map(|n| format!("{plain}_{n}")).find(|new| {
            !self.taken.contains(new) && !outer.iter().any(|scope| scope.contains(new)) && !inner.contains(new)
        });
        let new = new.expect("there are numbers enough");
        self.taken.insert(new.clone());
        inner.insert(new.clone());
        Some(format_ident!("{new}", span = ident.span()))
    }

    fn block(&mut self, block: &mut Block) {
        self.scoped(|resolver| resolver.statements(&mut block.stmts));
    }

    fn statements(&mut self, stmts: &mut [Stmt]) {
        for index in 0..stmts.len() {
            let (stmt, rest) = stmts[index..].split_first_mut().expect("the index is in range");
            match stmt {
                Stmt::Local(local) => {
                    if let Some(init) = &mut local.init {
                        self.expr(&mut init.expr);
                        if let Expr::Reference(reference) = &*init.expr {
                            self.borrowed.extend(as_place(&reference.expr).map(|(root, _)| root.to_string()));
                        }
                        if let Some((_, diverge)) = &mut init.diverge {
                            self.expr(diverge);
                        }
                    }
                    for binding in bindings(&local.pat) {
                        if let Some(new) = self.declare(&binding.ident) {
                            rename_in_pattern(&mut local.pat, &binding.ident, &new);
                            self.rename(&binding.ident, &new, |walk| walk.statements(rest));
                        }
                    }
                }
                Stmt::Expr(expr, _) => self.expr(expr),
                Stmt::Item(_) | Stmt::Macro(_) => {}
            }
        }
    }

    /// Goes into what suspends; the rest stays as it is.
    fn expr(&mut self, expr: &mut Expr) {
        if !suspends::expr(expr) {
            return;
        }
        match expr {
            Expr::Block(inner) => self.block(&mut inner.block),
            Expr::Unsafe(inner) => self.block(&mut inner.block),
            Expr::Loop(inner) => self.block(&mut inner.body),
            Expr::If(inner) => {
                self.scoped(|resolver| {
                    resolver.expr(&mut inner.cond);
                    for binding in condition_bindings(&inner.cond) {
                        if let Some(new) = resolver.declare(&binding.ident) {
                            let mut bound = false;
                            resolver.rename_in_condition(&mut inner.cond, &binding.ident, &new, &mut bound);
                            resolver.rename(&binding.ident, &new, |walk| walk.visit_block_mut(&mut inner.then_branch));
                        }
                    }
                    resolver.block(&mut inner.then_branch);
                });
                if let Some((_, otherwise)) = &mut inner.else_branch {
                    self.expr(otherwise);
                }
            }
            Expr::While(inner) => self.scoped(|resolver| {
                resolver.expr(&mut inner.cond);
                for binding in condition_bindings(&inner.cond) {
                    if let Some(new) = resolver.declare(&binding.ident) {
                        let mut bound = false;
                        resolver.rename_in_condition(&mut inner.cond, &binding.ident, &new, &mut bound);
                        resolver.rename(&binding.ident, &new, |walk| walk.visit_block_mut(&mut inner.body));
                    }
                }
                resolver.block(&mut inner.body);
            }),
            Expr::ForLoop(inner) => {
                self.expr(&mut inner.expr);
                self.scoped(|resolver| {
                    for binding in bindings(&inner.pat) {
                        if let Some(new) = resolver.declare(&binding.ident) {
                            rename_in_pattern(&mut inner.pat, &binding.ident, &new);
                            resolver.rename(&binding.ident, &new, |walk| walk.visit_block_mut(&mut inner.body));
                        }
                    }
                    resolver.block(&mut inner.body);
                });
            }
            Expr::Match(inner) => {
                self.expr(&mut inner.expr);
                for arm in &mut inner.arms {
                    self.scoped(|resolver| {
                        for binding in bindings(&arm.pat) {
                            if let Some(new) = resolver.declare(&binding.ident) {
                                rename_in_pattern(&mut arm.pat, &binding.ident, &new);
                                resolver.rename(&binding.ident, &new, |walk| {
                                    walk.visit_pat_mut(&mut arm.pat);
                                    walk.visit_expr_mut(&mut arm.body);
                                });
                            }
                        }
                        resolver.expr(&mut arm.body);
                    });
                }
            }
            _ => visit_mut::visit_expr_mut(&mut Children(self), expr),
        }
    }

    /// Renames in the conjuncts after the one that binds the name.
    fn rename_in_condition(&mut self, cond: &mut Expr, from: &Ident, to: &Ident, bound: &mut bool) {
        match cond {
            Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_)) => {
                self.rename_in_condition(&mut binary.left, from, to, bound);
                self.rename_in_condition(&mut binary.right, from, to, bound);
            }
            Expr::Let(binding) => {
                if *bound {
                    self.rename(from, to, |walk| walk.visit_expr_mut(&mut binding.expr));
                }
                if bindings(&binding.pat).iter().any(|binding| binding.ident == *from) {
                    rename_in_pattern(&mut binding.pat, from, to);
                    *bound = true;
                }
            }
            other if *bound => self.rename(from, to, |walk| walk.visit_expr_mut(other)),
            _ => {}
        }
    }

    fn rename(&mut self, from: &Ident, to: &Ident, walk: impl FnOnce(&mut Walk<'_, Rename<'_>>)) {
        let mut rename = Rename { from, to, diagnostics: self.diagnostics };
        walk(&mut Walk::new(&mut rename));
    }
}

/// Visits the direct children of an expression with the resolver.
struct Children<'r, 'd>(&'r mut Resolver<'d>);

impl VisitMut for Children<'_, '_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        self.0.expr(expr);
    }
}

struct Rename<'a> {
    from: &'a Ident,
    to: &'a Ident,
    diagnostics: &'a mut Diagnostics,
}

impl Handler for Rename<'_> {
    fn place(&mut self, root: &Ident, _: &[Member]) -> Option<(Ident, usize)> {
        (root == self.from).then(|| (Ident::new(&self.to.to_string(), root.span()), 1))
    }

    fn unknown_format(&mut self, literal: &Literal, name: &str) {
        let message = format!(
            "can't tell whether `{{{name}}}` in this macro call means the inner or the outer variable `{name}`: rename one of them"
        );
        self.diagnostics.error(literal, message);
    }
}

/// Renames a variable in the pattern that binds it; `Foo { x }` becomes `Foo { x: x_2 }`.
fn rename_in_pattern(pat: &mut Pat, from: &Ident, to: &Ident) {
    struct Patterns<'a>(&'a Ident, &'a Ident);
    impl VisitMut for Patterns<'_> {
        fn visit_field_pat_mut(&mut self, field: &mut syn::FieldPat) {
            let before = field.pat.clone();
            visit_mut::visit_field_pat_mut(self, field);
            if field.pat != before {
                field.colon_token.get_or_insert_default();
            }
        }

        fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
            if pat.ident == *self.0 && is_binding(pat) {
                pat.ident = Ident::new(&self.1.to_string(), pat.ident.span());
            }
            visit_mut::visit_pat_ident_mut(self, pat);
        }

        fn visit_expr_mut(&mut self, _: &mut Expr) {}
    }
    Patterns(from, to).visit_pat_mut(pat);
}
