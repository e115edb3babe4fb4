//! Pass 3: gives a variable a name of its own where it hides another one that may still be needed.
//!
//! ```text
//! let user = find(1).await?;
//! if let Some(user) = partner(user.id).await? { greet(user).await?; }      // user → user_2, in this `if` only
//! bill(user).await?;
//! ```
//!
//! Afterwards no name in an inner scope hides one of an outer scope, nor a step or constant that the body names, as
//! far as constructs that suspend go; code that stays verbatim is not touched, unless it leaves a loop or block: there the variables
//! that go on are saved, by their names. A variable that hides one of the same scope needs no other name: nobody can reach
//! the older one any more.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Ident, Literal, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Member, Pat, PatIdent, Stmt};

use super::leaves::leaves;
use super::lower::accessors::is_accessor;
use super::pattern::{bindings, irrefutable, of_local};
use super::places::{Handler, Walk, as_place};
use super::suspends;
use crate::diagnostics::Diagnostics;
use crate::message::unraw;

/// Renames in the body of a function with these parameters. Returns the new names, with those that they stand for.
pub(crate) fn resolve(params: &[Ident], body: &mut Block, diagnostics: &mut Diagnostics) -> HashMap<String, String> {
    let mut resolver = Resolver {
        // The parameters are of the body's own scope here: nobody can reach one that is hidden in it.
        scopes: vec![params.iter().map(ToString::to_string).collect()],
        taken: all_names(body.to_token_stream()),
        free: free_names(body),
        borrowed: HashSet::new(),
        references: HashSet::new(),
        renamed: HashMap::new(),
        diagnostics,
    };
    resolver.statements(&mut body.stmts);
    resolver.renamed
}

/// Every word of the body, those in strings included: a new name must be none of them.
fn all_names(tokens: TokenStream) -> HashSet<String> {
    let mut names = HashSet::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                names.insert(unraw(&ident));
            }
            TokenTree::Group(group) => names.extend(all_names(group.stream())),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                names.extend(text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
            }
            TokenTree::Punct(_) => {}
        }
    }
    names
}

/// The names that mean something from outside the body: the steps that it calls, constants.
fn free_names(body: &Block) -> HashSet<String> {
    let mut free = Free(HashSet::new());
    Walk::new(&mut free).statements(&mut body.clone().stmts);
    free.0
}

struct Free(HashSet<String>);

impl Handler for Free {
    fn place(&mut self, root: &Ident, _: &[Member]) -> Option<(Ident, usize)> {
        self.0.insert(root.to_string());
        None
    }
}

/// `&place`, `place.as_str()`, or a tuple with one.
fn is_borrow(expr: &Expr) -> bool {
    match expr {
        Expr::Reference(_) => true,
        Expr::Paren(inner) => is_borrow(&inner.expr),
        Expr::Tuple(inner) => inner.elems.iter().any(is_borrow),
        expr => is_accessor(expr),
    }
}

struct Resolver<'d> {
    /// The names of the open scopes, innermost last.
    scopes: Vec<HashSet<String>>,
    /// The names that can't be made up: they are in the body, or were made up before.
    taken: HashSet<String>,
    /// The names of things outside the body: a variable of an inner scope must not hide them from code that comes
    /// after that scope, but stands in the same arm.
    free: HashSet<String>,
    /// The variables that others borrow from (`let name = &user.name;`): those must be reachable to make the others
    /// again, so that even one of the same scope does not hide them.
    borrowed: HashSet<String>,
    /// The variables that borrow.
    references: HashSet<String>,
    /// The names that were made up, with those that they stand for.
    renamed: HashMap<String, String>,
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
        let hides_free = !outer.is_empty() && self.free.contains(&name);
        if !hides_borrowed && !hides_free && !outer.iter().any(|scope| scope.contains(&name)) {
            inner.insert(name);
            return None;
        }
        Some(self.declare_apart(ident))
    }

    /// Declares a variable under a new name.
    fn declare_apart(&mut self, ident: &Ident) -> Ident {
        let plain = unraw(ident);
        let mut names = (2..).map(|n| format!("{plain}_{n}"));
        let new = names.find(|new| !self.taken.contains(new)).expect("there are numbers enough");
        self.taken.insert(new.clone());
        self.renamed.insert(new.clone(), plain);
        self.scopes.last_mut().expect("a scope is open").insert(new.clone());
        format_ident!("{new}", span = ident.span())
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
                        self.borrow(&local.pat, &init.expr);
                        if let Some((_, diverge)) = &mut init.diverge {
                            self.expr(diverge);
                        }
                    }
                    for binding in of_local(local) {
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

    /// Notes what the variables of a `let` may borrow from, so that they can be made again.
    fn borrow(&mut self, pat: &Pat, init: &Expr) {
        let has_ref = bindings(pat).iter().any(|binding| binding.by_ref);
        let is_copy = as_place(init).is_some_and(|(root, _)| self.references.contains(&root.to_string()));
        if has_ref || is_copy || is_borrow(init) {
            let mut names = Free(HashSet::new());
            Walk::new(&mut names).visit_expr_mut(&mut init.clone());
            self.borrowed.extend(names.0);
            self.references.extend(bindings(pat).iter().map(|binding| binding.ident.to_string()));
        }
    }

    /// Goes into what suspends, or leaves a loop around; the rest stays as it is.
    fn expr(&mut self, expr: &mut Expr) {
        let leaves = leaves(expr);
        if !suspends::expr(expr) && !leaves {
            return;
        }
        if suspends::head_only(expr) && !leaves {
            return match expr {
                Expr::If(inner) => self.expr(suspends::first_condition(&mut inner.cond)),
                Expr::Match(inner) => self.expr(&mut inner.expr),
                Expr::ForLoop(inner) => self.expr(&mut inner.expr),
                _ => {}
            };
        }
        match expr {
            Expr::Block(inner) => self.block(&mut inner.block),
            Expr::Unsafe(inner) => self.block(&mut inner.block),
            Expr::Loop(inner) => self.block(&mut inner.body),
            Expr::If(inner) => {
                self.scoped(|resolver| {
                    resolver.condition(&mut inner.cond, |walk| walk.visit_block_mut(&mut inner.then_branch));
                    resolver.block(&mut inner.then_branch);
                });
                if let Some((_, otherwise)) = &mut inner.else_branch {
                    self.expr(otherwise);
                }
            }
            Expr::While(inner) => self.scoped(|resolver| {
                resolver.condition(&mut inner.cond, |walk| walk.visit_block_mut(&mut inner.body));
                resolver.block(&mut inner.body);
            }),
            Expr::ForLoop(inner) => {
                self.expr(&mut inner.expr);
                self.scoped(|resolver| {
                    for binding in irrefutable(&inner.pat) {
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
                                resolver.rename(&binding.ident, &new, |walk| walk.visit_arm_mut(arm));
                            }
                        }
                        if let Pat::Guard(guard) = &mut arm.pat {
                            resolver.condition(&mut guard.guard, |walk| walk.visit_expr_mut(&mut arm.body));
                        }
                        resolver.expr(&mut arm.body);
                    });
                }
            }
            _ => visit_mut::visit_expr_mut(&mut Children(self), expr),
        }
    }

    /// The parts of a condition or guard, `a && let Some(x) = b && …`: what one binds is visible in those after it and in
    /// the body. A part that binds a name again gets another one.
    fn condition(&mut self, cond: &mut Expr, mut in_body: impl FnMut(&mut Walk<'_, Rename<'_>>)) {
        let mut parts = Vec::new();
        conjuncts(cond, &mut parts);
        let mut rest = &mut parts[..];
        while let Some((part, later)) = rest.split_first_mut() {
            match &mut **part {
                Expr::Let(binding) => {
                    self.expr(&mut binding.expr);
                    for name in bindings(&binding.pat) {
                        let bound_before =
                            self.scopes.last().is_some_and(|scope| scope.contains(&name.ident.to_string()));
                        let new = if bound_before {
                            Some(self.declare_apart(&name.ident))
                        } else {
                            self.declare(&name.ident)
                        };
                        let Some(new) = new else { continue };
                        rename_in_pattern(&mut binding.pat, &name.ident, &new);
                        let binds_again = |part: &Expr| match part {
                            Expr::Let(other) => bindings(&other.pat).iter().any(|other| other.ident == name.ident),
                            _ => false,
                        };
                        let hidden_from = later.iter().position(|part| binds_again(part));
                        for other in later.iter_mut().take(hidden_from.map_or(usize::MAX, |index| index + 1)) {
                            self.rename(&name.ident, &new, |walk| walk.visit_expr_mut(other));
                        }
                        if hidden_from.is_none() {
                            self.rename(&name.ident, &new, &mut in_body);
                        }
                    }
                }
                other => self.expr(other),
            }
            rest = later;
        }
    }

    fn rename(&mut self, from: &Ident, to: &Ident, walk: impl FnOnce(&mut Walk<'_, Rename<'_>>)) {
        let mut rename = Rename { from, to, diagnostics: self.diagnostics };
        walk(&mut Walk::new(&mut rename));
    }
}

/// The parts of `a && b && c`.
fn conjuncts<'e>(cond: &'e mut Expr, parts: &mut Vec<&'e mut Expr>) {
    if suspends::is_and(cond)
        && let Expr::Binary(binary) = cond
    {
        conjuncts(&mut binary.left, parts);
        conjuncts(&mut binary.right, parts);
    } else {
        parts.push(cond);
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
            if pat.ident == *self.0 {
                pat.ident = Ident::new(&self.1.to_string(), pat.ident.span());
            }
            visit_mut::visit_pat_ident_mut(self, pat);
        }

        fn visit_expr_mut(&mut self, _: &mut Expr) {}
    }
    Patterns(from, to).visit_pat_mut(pat);
}
