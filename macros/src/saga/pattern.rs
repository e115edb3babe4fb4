//! What a pattern binds.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Expr, Local, Pat, PatIdent, PatOr};

/// A variable that a pattern binds.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) ident: Ident,
    pub(crate) mutable: bool,
    pub(crate) by_ref: bool,
}

/// The variables that a pattern binds; each once, though or-patterns name them several times. Those of a guard's `let`
/// are not among them: see [`guard`].
pub(crate) fn bindings(pattern: &Pat) -> Vec<Binding> {
    collect(pattern, false)
}

/// The same for a pattern that always matches: of a `let` without an `else`, of a `for`. No constant can stand in it, so
/// that a name may begin with a capital letter, too (`let X = …`).
pub(crate) fn irrefutable(pattern: &Pat) -> Vec<Binding> {
    collect(pattern, true)
}

/// The variables of a `let`.
pub(crate) fn of_local(local: &Local) -> Vec<Binding> {
    let has_else = local.init.as_ref().is_some_and(|init| init.diverge.is_some());
    collect(&local.pat, !has_else)
}

fn collect(pattern: &Pat, is_irrefutable: bool) -> Vec<Binding> {
    struct Collect {
        found: Vec<Binding>,
        is_irrefutable: bool,
    }
    impl<'ast> Visit<'ast> for Collect {
        fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
            let is_variable = self.is_irrefutable || is_binding(pat);
            if is_variable && !self.found.iter().any(|known| known.ident == pat.ident) {
                let by_ref = pat.by_ref.is_some();
                let mutable = pat.mutability.is_some() && !by_ref;
                self.found.push(Binding { ident: pat.ident.clone(), mutable, by_ref });
            }
            visit::visit_pat_ident(self, pat);
        }

        // One of its cases alone need not match.
        fn visit_pat_or(&mut self, pat: &'ast PatOr) {
            let outside = std::mem::replace(&mut self.is_irrefutable, false);
            visit::visit_pat_or(self, pat);
            self.is_irrefutable = outside;
        }

        // Guards and constants bind nothing out here.
        fn visit_expr(&mut self, _: &'ast Expr) {}
    }
    let mut collect = Collect { found: Vec::new(), is_irrefutable };
    collect.visit_pat(pattern);
    collect.found
}

/// The variables that the `let` patterns of a condition bind, in `a && let Some(x) = b && …`.
pub(crate) fn condition_bindings(condition: &Expr) -> Vec<Binding> {
    match condition {
        Expr::Let(binding) => bindings(&binding.pat),
        Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_)) => {
            let mut all = condition_bindings(&binary.left);
            all.extend(condition_bindings(&binary.right));
            all
        }
        _ => Vec::new(),
    }
}

/// The guard of an arm's pattern.
pub(crate) fn guard(pattern: &Pat) -> Option<&Expr> {
    match pattern {
        Pat::Guard(guard) => Some(&guard.guard),
        _ => None,
    }
}

/// An identifier pattern is a variable, not a constant or a unit variant, if it begins with a lower-case letter, as
/// rustc's naming lints have it, or can't be a path.
pub(crate) fn is_binding(pat: &PatIdent) -> bool {
    let plain = pat.by_ref.is_none() && pat.mutability.is_none() && pat.subpat.is_none();
    !plain || !pat.ident.to_string().trim_start_matches("r#").starts_with(char::is_uppercase)
}
