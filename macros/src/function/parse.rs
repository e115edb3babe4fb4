//! From tokens to a function, even if its body doesn't parse.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Signature, Visibility};

use super::{Body, receiver};

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
        let block = syn::parse2(tokens.clone()).ok();
        Ok(Self { attrs, vis, sig, body: Body { tokens, block } })
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attrs, vis, sig, body } = self;
        tokens.extend(quote!(#(#attrs)* #vis #sig #body));
    }
}

/// Parses an item as a free function. If it is something else: what to hand back to rustc instead, with an error.
pub(crate) fn parse(attribute: &str, tokens: TokenStream) -> Result<Item, TokenStream> {
    let Ok(item) = syn::parse2::<Item>(tokens.clone()) else {
        let error = syn::Error::new(Span::call_site(), format!("`#[{attribute}]` goes on an async function"));
        let error = error.into_compile_error();
        return Err(quote!(#tokens #error));
    };
    let Some(receiver) = receiver(&item.sig) else { return Ok(item) };
    let message = format!(
        "a {attribute} is no method, as its message has no `self`: move `{}` out of the `impl`, and take what it needs as arguments",
        item.sig.ident
    );
    let error = syn::Error::new_spanned(receiver, message).into_compile_error();
    Err(with_error_in_body(item, &error))
}

/// The function with an error for its body: no other item can stand in an `impl`.
fn with_error_in_body(mut item: Item, error: &TokenStream) -> TokenStream {
    item.attrs.retain(|attr| !crate::step::is_helper(attr));
    item.body = Body { tokens: quote!({ #error }), block: None };
    item.to_token_stream()
}
