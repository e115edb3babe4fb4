//! What a pattern binds.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Expr, Pat, PatIdent};

/// A variable that a pattern binds.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) ident: Ident,
    pub(crate) mutable: bool,
}

/// The variables that a pattern binds; each once, though or-patterns name them several times.
pub(crate) fn bindings(pattern: &Pat) -> Vec<Binding> {
    struct Collect(Vec<Binding>);
    impl<'ast> Visit<'ast> for Collect {
        fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
            if is_binding(pat) && !self.0.iter().any(|known| known.ident == pat.ident) {
                self.0.push(Binding { ident: pat.ident.clone(), mutable: pat.mutability.is_some() });
            }
            visit::visit_pat_ident(self, pat);
        }

        // Guards and constants bind nothing out here.
        fn visit_expr(&mut self, _: &'ast Expr) {}
    }
    let mut collect = Collect(Vec::new());
    collect.visit_pat(pattern);
    collect.0
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

/// An identifier pattern is a variable, not a constant or a unit variant, if it begins with a lower-case letter, as
/// rustc's naming lints have it, or can't be a path.
pub(crate) fn is_binding(pat: &PatIdent) -> bool {
    let plain = pat.by_ref.is_none() && pat.mutability.is_none() && pat.subpat.is_none();
    !plain || !pat.ident.to_string().trim_start_matches("r#").starts_with(char::is_uppercase)
}
