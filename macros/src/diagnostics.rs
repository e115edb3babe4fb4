//! Collects errors: a pass never stops at its first one. Texts that all attributes share.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

/// The errors found so far, in order.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    errors: Option<syn::Error>,
}

impl Diagnostics {
    /// An error on the given tokens.
    pub(crate) fn error(&mut self, at: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(at, message));
    }

    /// An error at a span.
    pub(crate) fn error_at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    /// An error that a parser has made.
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// The errors of another pass.
    pub(crate) fn extend(&mut self, others: Self) {
        if let Some(errors) = others.errors {
            self.push(errors);
        }
    }

    /// The value, or `None` with the error noted.
    pub(crate) fn note<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_none()
    }

    /// The errors as `compile_error!` calls on their tokens.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.errors.map(syn::Error::into_compile_error).unwrap_or_default()
    }
}

/// `a`, `b`, `c`, in backticks.
pub(crate) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Runs an attribute. A panic in it is a bug of this crate, and says so; the item stays as it was written.
pub(crate) fn guarded(
    attribute: &str,
    item: TokenStream,
    expand: impl FnOnce(TokenStream) -> TokenStream,
) -> TokenStream {
    let kept = item.clone();
    catch_unwind(AssertUnwindSafe(|| expand(item))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        let message = format!(
            "bug in sagaflow {}: `#[{attribute}]` failed on this function ({}); please report it, with the function, at {}/issues",
            env!("CARGO_PKG_VERSION"),
            text.unwrap_or("it panicked"),
            env!("CARGO_PKG_REPOSITORY"),
        );
        let error = syn::Error::new(Span::call_site(), message).into_compile_error();
        quote!(#kept #error)
    })
}

/// The text for an unknown name: the nearest known one, and all of them.
pub(crate) fn unknown(what: &str, found: &str, allowed: &[&str]) -> String {
    let nearest = allowed
        .iter()
        .map(|name| (strsim::damerau_levenshtein(found, name), *name))
        .filter(|(distance, name)| *distance <= name.len().max(found.len()) / 2)
        .min();
    let hint = nearest.map(|(_, name)| format!(", did you mean `{name}`?")).unwrap_or_else(|| ":".to_owned());
    format!("unknown {what} `{found}`{hint} allowed here: {}", listed(allowed))
}
