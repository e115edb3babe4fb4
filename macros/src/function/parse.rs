//! From tokens to a function, even if its body doesn't parse.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{AttrStyle, Attribute, Block, FnArg, Signature, Visibility};

use super::{Body, receiver, surroundings};
use crate::diagnostics::Diagnostics;
use crate::step::is_named;

/// A function as it was written.
pub(crate) struct Item {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (attrs, vis, sig) = (input.call(Attribute::parse_outer)?, input.parse()?, input.parse()?);
        let TokenTree::Group(group) = input.parse::<TokenTree>()? else { return Err(input.error("expected a body")) };
        let tokens = group.to_token_stream();
        let (inner, block) = match block.parse2(tokens.clone()) {
            Ok((inner, block)) => (inner, Some(block)),
            Err(_) => (Vec::new(), None),
        };
        Ok(Self { attrs, vis, sig, body: Body { tokens, span: group.span(), attrs: inner, block } })
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attrs, vis, sig, body } = self;
        tokens.extend(quote!(#(#attrs)* #vis #sig #body));
    }
}

/// A body, and the attributes at its beginning, turned into those of the function.
fn block(input: ParseStream<'_>) -> syn::Result<(Vec<Attribute>, Block)> {
    let content;
    let brace_token = syn::braced!(content in input);
    let mut attrs = content.call(Attribute::parse_inner)?;
    attrs.iter_mut().for_each(|attr| attr.style = AttrStyle::Outer);
    Ok((attrs, Block { brace_token, stmts: content.call(Block::parse_within)? }))
}

/// Parses an item as a free function. If it is something else: what to hand back to rustc instead, with an error.
pub(crate) fn parse(attribute: &str, tokens: TokenStream) -> Result<Item, TokenStream> {
    let Ok(item) = syn::parse2::<Item>(tokens.clone()) else {
        let error = syn::Error::new(Span::call_site(), format!("`#[{attribute}]` goes on an async function"));
        let error = error.into_compile_error();
        return Err(quote!(#tokens #error));
    };
    let name = &item.sig.ident;
    let error = if let Some(receiver) = receiver(&item.sig) {
        let message = format!(
            "a {attribute} is no method, as its message has no `self`: move `{name}` out of the `impl`, and take what it needs as arguments"
        );
        syn::Error::new_spanned(receiver, message)
    } else if surroundings::is_associated() {
        let message = format!(
            "a {attribute} can't stand in an `impl` or a `trait`, as its message is a type of its own: move `{name}` out of it"
        );
        syn::Error::new_spanned(name, message)
    } else {
        return Ok(item);
    };
    Err(with_error_in_body(attribute, item, &error.into_compile_error()))
}

/// A function is one step or one saga: takes a second attribute off it.
pub(crate) fn alone(attribute: &str, item: &mut Item, diagnostics: &mut Diagnostics) {
    let is_second = |attr: &mut Attribute| ["step", "saga"].iter().any(|name| is_named(attr, name));
    for attr in item.attrs.extract_if(.., is_second) {
        let message = match is_named(&attr, attribute) {
            true => format!("`#[{attribute}]` is given twice: keep one"),
            false => "a function is a step or a saga, not both: keep one, and call the step from the saga".to_owned(),
        };
        diagnostics.error(attr, message);
    }
}

/// The function as plain Rust, and an error: for a crate that can't name sagaflow.
pub(crate) fn without_sagaflow(attribute: &str, mut item: Item, mut diagnostics: Diagnostics) -> TokenStream {
    if diagnostics.is_empty() {
        diagnostics.error_at(
            Span::call_site(),
            format!(
                "`sagaflow` is no dependency of this crate: add it to `Cargo.toml`, or say where it is, as in `#[{attribute}(crate = facade::sagaflow)]`"
            ),
        );
    }
    strip(attribute, &mut item);
    let errors = diagnostics.into_tokens();
    quote!(#[allow(dead_code)] #item #errors)
}

/// The function with an error for its body: no other item can stand in an `impl`.
pub(crate) fn with_error_in_body(attribute: &str, mut item: Item, error: &TokenStream) -> TokenStream {
    strip(attribute, &mut item);
    item.body = Body { tokens: quote!({ #error }), span: item.body.span, attrs: Vec::new(), block: None };
    item.to_token_stream()
}

/// Takes everything off a function that only means something beside the attribute.
fn strip(attribute: &str, item: &mut Item) {
    item.attrs.retain(|attr| !crate::step::is_helper(attr));
    for input in &mut item.sig.inputs {
        if let FnArg::Typed(param) = input {
            param.attrs.retain(|attr| !attr.path().is_ident("inject") && !attr.path().is_ident(attribute));
        }
    }
}
