//! The options of `#[step(…)]` and `#[saga(…)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Lit, LitStr, MetaNameValue, Token};

use crate::diagnostics::{Diagnostics, unknown};

/// What can be set on a step or saga.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The name in messages.
    pub(crate) name: Option<LitStr>,
}

impl Options {
    pub(crate) fn parse(attribute: &str, tokens: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut options = Self::default();
        let parser = Punctuated::<MetaNameValue, Token![,]>::parse_terminated;
        let usage = format!("`#[{attribute}]` takes `name = \"…\"` or nothing");
        let Some(pairs) = diagnostics.note(parser.parse2(tokens).map_err(|error| syn::Error::new(error.span(), usage)))
        else {
            return options;
        };
        for pair in pairs {
            if !pair.path.is_ident("name") {
                let path = &pair.path;
                let found = quote!(#path).to_string().replace(' ', "");
                diagnostics.error(&pair.path, unknown("option", &found, &["name"]));
            } else if options.name.is_some() {
                diagnostics.error(&pair.path, "`name` is given twice: keep one");
            } else if let Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) = &pair.value {
                check_name(name, diagnostics);
                options.name = Some(name.clone());
            } else {
                diagnostics.error(&pair.value, "a name is a string, such as `\"create-user\"`");
            }
        }
        options
    }
}

/// A name becomes one token of a NATS subject, and part of idempotency keys.
fn check_name(name: &LitStr, diagnostics: &mut Diagnostics) {
    let text = name.value();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if text.is_empty() || text.len() > 128 || !text.chars().all(allowed) {
        diagnostics.error(
            name,
            format!("`{text}` can't be a name in messages: it has 1 to 128 ASCII letters, digits, `_` and `-`"),
        );
    }
}
