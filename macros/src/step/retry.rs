//! `#[retry(kind, options…)]`: reads, checks and emits a retry policy.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Lit, Pat, Token, parenthesized};

use crate::diagnostics::{Diagnostics, listed, unknown};
use crate::duration;
use crate::function::Function;
use crate::root::Root;
use crate::step::compensate::find_ident;

const KINDS: [&str; 5] = ["fixed", "linear", "exponential", "random", "adaptive"];
const JITTERS: [&str; 4] = ["none", "full", "equal", "decorrelated"];
const COMMON: [&str; 9] =
    ["jitter", "max_delay", "max_attempts", "max_elapsed", "timeout", "unless", "only", "after", "exhausted"];

/// The options that a kind has of its own.
fn own_options(kind: &str) -> &'static [&'static str] {
    match kind {
        "fixed" => &["delay"],
        "linear" => &["base", "increment"],
        "exponential" => &["base", "factor"],
        "random" => &["base", "spread"],
        _ => &["base", "threshold"],
    }
}

/// `kind, key = value, unless(pattern), …`
struct Attribute {
    kind: Ident,
    entries: Vec<Entry>,
}

/// One option.
struct Entry {
    key: Ident,
    value: Value,
}

enum Value {
    Expr(Expr),
    Pattern(Pat),
}

impl Parse for Attribute {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let kinds = || format!("a retry policy begins with its kind: {}", listed(&KINDS));
        if input.is_empty() {
            return Err(input.error(kinds()));
        }
        let kind = input.parse::<Ident>().map_err(|error| syn::Error::new(error.span(), kinds()))?;
        if input.peek(Token![=]) {
            return Err(syn::Error::new(kind.span(), kinds()));
        }
        if !input.is_empty() {
            let next = input.span();
            input.parse::<Token![,]>().map_err(|_| syn::Error::new(next, "a `,` is missing before this option"))?;
        }
        let entries = Punctuated::<Entry, Token![,]>::parse_terminated(input)?;
        Ok(Self { kind, entries: entries.into_iter().collect() })
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key: Ident = input.parse()?;
        let value = if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            let pattern = Pat::parse_multi_with_leading_vert(&content)?;
            if !content.is_empty() {
                return Err(content.error("expected one pattern; join several with `|`"));
            }
            Value::Pattern(pattern)
        } else {
            if !input.peek(Token![=]) {
                return Err(syn::Error::new(key.span(), format!("`{key}` needs a value: `{key} = …`")));
            }
            input.parse::<Token![=]>()?;
            Value::Expr(input.parse()?)
        };
        Ok(Self { key, value })
    }
}

/// Emits `step.retry(…);` and, for `unless` and `only`, `step.terminal(…);`, for `after`, `step.retry_after(…);`.
pub(super) fn emit(tokens: TokenStream, function: &Function, diagnostics: &mut Diagnostics) -> TokenStream {
    let Some(attribute) = diagnostics.note(syn::parse2::<Attribute>(tokens)) else { return TokenStream::new() };
    let kind = attribute.kind.to_string();
    if !KINDS.contains(&kind.as_str()) {
        diagnostics.error(&attribute.kind, unknown("retry policy", &kind, &KINDS));
        return TokenStream::new();
    }
    let allowed: Vec<_> = own_options(&kind).iter().chain(&COMMON).copied().collect();
    let mut policy = Policy { kind: &attribute.kind, entries: Vec::new(), root: &function.root, diagnostics };
    for entry in &attribute.entries {
        let key = entry.key.to_string();
        if !allowed.contains(&key.as_str()) {
            let text = unknown("option", &key, &allowed);
            policy.diagnostics.error(&entry.key, text);
        } else if policy.entries.iter().any(|known: &&Entry| known.key == entry.key) {
            policy.diagnostics.error(&entry.key, format!("`{key}` is given twice: keep one"));
        } else {
            policy.entries.push(entry);
        }
    }
    let backoff = policy.backoff();
    let settings = policy.settings();
    let terminal = policy.terminal(function);
    let after = policy.after(function);
    let root = &function.root;
    quote! {
        step.retry(#root::__private::RetryPolicy::new(#backoff) #settings);
        #terminal
        #after
    }
}

struct Policy<'a> {
    kind: &'a Ident,
    entries: Vec<&'a Entry>,
    root: &'a Root,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Policy<'a> {
    fn get(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key).copied()
    }

    /// The value of an option; an error if it is given in the form of a pattern.
    fn value(&mut self, key: &str) -> Option<&'a Expr> {
        let entry = self.get(key)?;
        match &entry.value {
            Value::Expr(value) => Some(value),
            Value::Pattern(pattern) => {
                self.diagnostics.error(pattern, format!("`{key}` takes a value: `{key} = …`"));
                None
            }
        }
    }

    fn duration(&mut self, key: &str) -> Option<Duration> {
        let value = self.value(key)?;
        self.diagnostics.note(duration::parse(value))
    }

    /// A duration that must be given.
    fn required(&mut self, key: &str) -> TokenStream {
        if self.get(key).is_none() {
            let kind = self.kind;
            self.diagnostics.error(kind, format!("`{kind}` needs `{key} = \"…\"`, such as `{key} = \"1s\"`"));
        }
        duration::emit(self.duration(key).unwrap_or_default())
    }

    /// A number that must not be negative.
    fn number(&mut self, key: &str, default: f64, most: Option<f64>) -> f64 {
        let Some(value) = self.value(key) else { return default };
        match literal_number(value) {
            None => self.diagnostics.error(value, format!("`{key}` is a number, such as `{default:?}`")),
            Some(number) if most.is_some_and(|most| !(0.0..=most).contains(&number)) => {
                self.diagnostics.error(value, format!("`{key}` is a rate: write a number between 0.0 and 1.0"));
            }
            Some(number) if number < 0.0 => {
                self.diagnostics.error(
                    value,
                    format!("`{key}` can't be negative, as delays don't shrink: 0.0 keeps the delay, 1.0 doubles it"),
                );
            }
            Some(number) if !number.is_finite() => {
                self.diagnostics.error(
                    value,
                    format!("`{key}` is too large for a number: write a smaller one, such as `{default:?}`"),
                );
            }
            Some(number) => return number,
        }
        default
    }

    fn backoff(&mut self) -> TokenStream {
        let fields = match self.kind.to_string().as_str() {
            "fixed" => {
                let delay = self.required("delay");
                quote!(Fixed { delay: #delay })
            }
            "linear" => {
                let (base, increment) = (self.required("base"), self.required("increment"));
                quote!(Linear { base: #base, increment: #increment })
            }
            "exponential" => {
                let (base, factor) = (self.required("base"), self.number("factor", 1.0, None));
                quote!(Exponential { base: #base, factor: #factor })
            }
            "random" => {
                let (base, spread) = (self.required("base"), self.required("spread"));
                quote!(Random { base: #base, spread: #spread })
            }
            _ => {
                let (base, threshold) = (self.required("base"), self.number("threshold", 0.5, Some(1.0)));
                quote!(Adaptive { base: #base, threshold: #threshold })
            }
        };
        let root = self.root;
        quote!(#root::__private::Backoff::#fields)
    }

    /// The options that all kinds have, as calls on the policy.
    fn settings(&mut self) -> TokenStream {
        let (root, mut calls) = (self.root, TokenStream::new());
        if let Some(jitter) = self.word("jitter", &JITTERS) {
            let variant = format_ident!("{}", capitalized(&jitter));
            calls.extend(quote!(.jitter(#root::__private::Jitter::#variant)));
        }
        for key in ["max_delay", "max_elapsed", "timeout"] {
            if let Some(limit) = self.duration(key) {
                if limit.is_zero() {
                    let value = self.value(key);
                    self.diagnostics.error(value, format!("`{key}` can't be nothing: leave it out for no limit"));
                }
                let (setter, limit) = (format_ident!("{key}"), duration::emit(limit));
                calls.extend(quote!(.#setter(#limit)));
            }
        }
        self.check_max_delay();
        if let Some(value) = self.value("max_attempts") {
            match literal_int(value) {
                Some(0) => {
                    self.diagnostics.error(value, "`max_attempts` counts the first attempt, too: it is at least 1");
                }
                Some(attempts) => calls.extend(quote!(.max_attempts(#attempts))),
                None => self.diagnostics.error(value, "`max_attempts` is a whole number, such as `8`"),
            }
        }
        if let Some(word) = self.word("exhausted", &["fail", "pause"]) {
            let variant = format_ident!("{}", capitalized(&word));
            calls.extend(quote!(.exhausted(#root::__private::OnExhausted::#variant)));
            if self.get("max_attempts").is_none() && self.get("max_elapsed").is_none() {
                let key = self.get("exhausted").map(|entry| &entry.key);
                self.diagnostics.error(
                    key,
                    "`exhausted` never happens without a limit: add `max_attempts = …` or `max_elapsed = \"…\"`",
                );
            }
        }
        calls
    }

    /// `max_delay` below the first delay contradicts it.
    fn check_max_delay(&mut self) {
        let first = if self.kind == "fixed" { "delay" } else { "base" };
        // Read from the literals again: their own errors have been reported.
        let read = |entry: Option<&Entry>| match &entry?.value {
            Value::Expr(value) => duration::parse(value).ok(),
            Value::Pattern(_) => None,
        };
        if let (Some(most), Some(base)) = (read(self.get("max_delay")), read(self.get(first)))
            && most < base
        {
            let value = self.value("max_delay");
            self.diagnostics
                .error(value, format!("`max_delay` is shorter than `{first}`, so that even the first delay would be cut: raise it, or lower `{first}`"));
        }
    }

    /// One word out of a list, with or without quotes.
    fn word(&mut self, key: &str, allowed: &[&str]) -> Option<String> {
        let value = self.value(key)?;
        let word = match value {
            Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        };
        match word {
            Some(word) if allowed.contains(&word.as_str()) => Some(word),
            Some(word) => {
                self.diagnostics.error(value, unknown(&format!("value of `{key}`"), &word, allowed));
                None
            }
            None => {
                self.diagnostics.error(value, format!("`{key}` is one of {}", listed(allowed)));
                None
            }
        }
    }

    /// `unless(P)`: errors that match are not retried. `only(P)`: errors that don't match are not retried.
    fn terminal(&mut self, function: &Function) -> TokenStream {
        let patterns = [("unless", quote!()), ("only", quote!(!))];
        if let (Some(_), Some(only)) = (self.get("unless"), self.get("only")) {
            self.diagnostics.error(
                &only.key,
                "`only` contradicts `unless`: keep `only` to say which errors are retried, or `unless` to say which are not",
            );
        }
        let mut lines = TokenStream::new();
        for (key, not) in patterns {
            let Some(entry) = self.get(key) else { continue };
            let Value::Pattern(pattern) = &entry.value else {
                let example = match &entry.value {
                    Value::Expr(value @ (Expr::Path(_) | Expr::Call(_) | Expr::Struct(_))) => {
                        quote!(#value).to_string()
                    }
                    _ => "MyError::Declined { .. }".to_owned(),
                };
                self.diagnostics.error(
                    &entry.key,
                    format!("`{key}` takes a pattern of the error: write `{key}({})`", example.replace(" :: ", "::")),
                );
                continue;
            };
            if !self.has_error(entry, function) {
                continue;
            }
            let (ident, root) = (&function.ident, self.root.at(pattern.span()));
            lines.extend(quote_spanned! { pattern.span() =>
                step.terminal(|error: &#root::ErrorOf<#ident>| #not ::core::matches!(error, #pattern));
            });
        }
        lines
    }

    /// `after = error.retry_after()`: when the error says when to come back, that counts.
    ///
    /// ```text
    /// step.retry_after(|error: &ErrorOf<fetch>| retry_delay(error.retry_after()));
    /// ```
    fn after(&mut self, function: &Function) -> TokenStream {
        let Some(entry) = self.get("after") else { return TokenStream::new() };
        let Some(value) = self.value("after") else { return TokenStream::new() };
        if !self.has_error(entry, function) {
            return TokenStream::new();
        }
        let Some(error) = find_ident(quote!(#value), "error") else {
            self.diagnostics.error(
                value,
                "`after` asks the error when to come back, as in `after = error.retry_after()`; delays that don't depend on it belong to the kind of the policy",
            );
            return TokenStream::new();
        };
        let (ident, root) = (&function.ident, self.root.at(value.span()));
        quote_spanned! { value.span() =>
            step.retry_after(|#error: &#root::ErrorOf<#ident>| #root::__private::retry_delay(#value));
        }
    }

    /// Whether the step has an error for the option to look at.
    fn has_error(&mut self, entry: &Entry, function: &Function) -> bool {
        if !function.is_fallible() {
            let (key, name) = (&entry.key, &function.ident);
            self.diagnostics.error(
                key,
                format!("`{key}` looks at the error, but `{name}` returns no `Result`: leave it out, or return one"),
            );
        }
        function.is_fallible()
    }
}

/// The number that a literal, possibly with a minus, stands for.
fn literal_number(value: &Expr) -> Option<f64> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Float(float), .. }) => float.base10_parse().ok(),
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) => int.base10_parse().ok(),
        Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => literal_number(expr).map(|number| -number),
        _ => None,
    }
}

fn literal_int(value: &Expr) -> Option<u32> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) => int.base10_parse().ok(),
        _ => None,
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}
