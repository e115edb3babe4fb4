//! Durations in attributes: `"250ms"`, `"1s"`, `"1h 30m"`.

use std::time::Duration;

use humantime::DurationError as Error;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprLit, Lit};

/// Reads a duration from a string literal.
pub(crate) fn parse(value: &Expr) -> syn::Result<Duration> {
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = value else {
        return Err(syn::Error::new_spanned(
            value,
            "a duration is a string with a unit, such as `\"1s\"`, `\"250ms\"` or `\"1h 30m\"`",
        ));
    };
    humantime::parse_duration(&text.value()).map_err(|error| {
        let why = match error {
            Error::UnknownUnit { value, unit, .. } if unit.is_empty() => format!("`{value}` has no unit"),
            Error::UnknownUnit { unit, .. } => format!("`{unit}` is no unit"),
            Error::InvalidCharacter(_) => "it has a character that is none of a duration's".to_owned(),
            Error::NumberExpected(_) => "a number is missing".to_owned(),
            Error::NumberOverflow => "the number is too large".to_owned(),
            Error::Empty => "it is empty".to_owned(),
        };
        let message = format!(
            "`\"{}\"` is not a duration, as {why}: write numbers and units, such as `\"250ms\"`, `\"1s\"`, `\"5m\"`, `\"1h 30m\"` or `\"2d\"`",
            text.value()
        );
        syn::Error::new_spanned(text, message)
    })
}

/// The duration as an expression.
pub(crate) fn emit(duration: Duration) -> TokenStream {
    let (secs, nanos) = (duration.as_secs(), duration.subsec_nanos());
    if nanos == 0 {
        quote!(::core::time::Duration::from_secs(#secs))
    } else if nanos % 1_000_000 == 0 && secs < 3600 {
        let millis = secs * 1000 + u64::from(nanos / 1_000_000);
        quote!(::core::time::Duration::from_millis(#millis))
    } else {
        quote!(::core::time::Duration::new(#secs, #nanos))
    }
}
