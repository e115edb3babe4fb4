//! Which variables a statement assigns as a whole, whatever way is taken through it.
//!
//! ```text
//! if ready { total = 1 } else { total = 2 }      // total
//! if ready { total = 1 }                         // none: its old value may still be needed
//! if ready { total = 1 } else { return Ok(0) }   // total: the other way does not come out
//! ```
//!
//! Where in doubt it says none: then a value is kept that nobody reads.

use std::collections::HashSet;

use syn::visit::{self, Visit};
use syn::{Block, Expr, PatIdent, Stmt};

use super::graph::Jump;
use super::places::as_place;

type Names = HashSet<String>;

/// The names that a statement assigns; those that it declares itself are not among them.
pub(crate) fn by_stmt(stmt: &Stmt) -> Names {
    let Stmt::Expr(expr, _) = stmt else { return Names::new() };
    let mut names = by_expr(expr).unwrap_or_default();
    if !names.is_empty() {
        let mut inner = Declared(Names::new());
        inner.visit_expr(expr);
        names.retain(|name| !inner.0.contains(name));
    }
    names
}

/// None: it does not come to its end.
fn by_expr(expr: &Expr) -> Option<Names> {
    if Jump::read(expr).is_some() {
        return None;
    }
    match expr {
        Expr::Assign(assign) if assign.attrs.is_empty() => {
            let mut names = Names::new();
            targets(&assign.left, &mut names);
            Some(names)
        }
        Expr::If(inner) if inner.attrs.is_empty() => match &inner.else_branch {
            Some((_, otherwise)) => either([by_block(&inner.then_branch), by_expr(otherwise)]),
            None => Some(Names::new()),
        },
        // An arm that a `#[cfg]` takes away takes nothing away from the others.
        Expr::Match(inner) if inner.attrs.is_empty() => either(inner.arms.iter().map(|arm| by_expr(&arm.body))),
        Expr::Block(inner) if inner.attrs.is_empty() && inner.label.is_none() => by_block(&inner.block),
        Expr::Unsafe(inner) if inner.attrs.is_empty() => by_block(&inner.block),
        Expr::Paren(inner) => by_expr(&inner.expr),
        Expr::Group(inner) => by_expr(&inner.expr),
        // In here a `break` or `continue` can only leave a loop or block around this one: loops are not looked into.
        Expr::Return(inner) if inner.attrs.is_empty() => None,
        Expr::Break(inner) if inner.attrs.is_empty() => None,
        Expr::Continue(inner) if inner.attrs.is_empty() => None,
        _ => Some(Names::new()),
    }
}

fn by_block(block: &Block) -> Option<Names> {
    let mut names = Names::new();
    for stmt in &block.stmts {
        if let Stmt::Expr(expr, _) = stmt {
            names.extend(by_expr(expr)?);
        }
    }
    Some(names)
}

/// What all of the ways assign that come to their end.
fn either(ways: impl IntoIterator<Item = Option<Names>>) -> Option<Names> {
    ways.into_iter().flatten().reduce(|one, other| one.intersection(&other).cloned().collect())
}

fn targets(target: &Expr, names: &mut Names) {
    match target {
        Expr::Tuple(inner) => inner.elems.iter().for_each(|elem| targets(elem, names)),
        Expr::Array(inner) => inner.elems.iter().for_each(|elem| targets(elem, names)),
        Expr::Call(inner) => inner.args.iter().for_each(|arg| targets(arg, names)),
        Expr::Struct(inner) => inner.fields.iter().for_each(|field| targets(&field.expr, names)),
        other => {
            if let Some((root, fields)) = as_place(other)
                && fields.is_empty()
            {
                names.insert(root.to_string());
            }
        }
    }
}

/// The names of all patterns.
struct Declared(Names);

impl<'ast> Visit<'ast> for Declared {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        self.0.insert(pat.ident.to_string());
        visit::visit_pat_ident(self, pat);
    }
}
