//! `#[sagaflow::test]`: from an async function that takes a lab to a test.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{FnArg, Pat};

use crate::diagnostics::Diagnostics;
use crate::function::{self, Item, receiver};
use crate::message::unraw;
use crate::root::Root;

/// Expands `#[sagaflow::test] item`.
///
/// ```text
/// #[test]
/// fn survives() {
///     async fn __survives(mut lab: Lab) { … }
///     ::sagaflow::__private::in_lab(__survives)
/// }
/// ```
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let Ok(item) = syn::parse2::<Item>(item.clone()) else {
        let error = syn::Error::new(Span::call_site(), "`#[sagaflow::test]` goes on an async function");
        let error = error.into_compile_error();
        return quote!(#item #error);
    };
    if let Some(receiver) = receiver(&item.sig) {
        let name = &item.sig.ident;
        let message = format!("a test is no method: move `{name}` out of the `impl`, and make what it needs in it");
        let error = syn::Error::new_spanned(receiver, message).into_compile_error();
        return function::with_error_in_body("test", item, &error);
    }
    let mut diagnostics = Diagnostics::default();
    if !options.is_empty() {
        diagnostics.error(&options, "`#[sagaflow::test]` takes no options");
    }
    let Some(root) = Root::find() else { return function::without_sagaflow("sagaflow::test", item, diagnostics) };
    check(&item, &mut diagnostics);
    if diagnostics.is_empty() { emit(item, &root) } else { emit_stub(&item, diagnostics) }
}

/// `async`, not generic, and one argument: the lab.
fn check(item: &Item, diagnostics: &mut Diagnostics) {
    let sig = &item.sig;
    let name = &sig.ident;
    if sig.asyncness.is_none() {
        diagnostics.error(sig.fn_token, format!("a test of sagas is an async function: write `async fn {name}`"));
    }
    if !sig.generics.params.is_empty() || sig.generics.where_clause.is_some() {
        diagnostics.error(
            &sig.generics,
            "a test can't be generic, as nobody says for which types it is run: write one for each type",
        );
    }
    let wanted = format!("a test of sagas gets a lab, and nothing else: write `async fn {name}(mut lab: Lab)`");
    let mut inputs = sig.inputs.iter();
    match inputs.next() {
        None => diagnostics.error(name, &wanted),
        Some(FnArg::Typed(param)) if !matches!(&*param.pat, Pat::Ident(_) | Pat::Wild(_)) => {
            diagnostics.error(&param.pat, wanted.clone());
        }
        Some(_) => {}
    }
    for more in inputs {
        diagnostics.error(more, wanted.clone());
    }
    if let Some(attr) =
        item.attrs.iter().find(|attr| attr.path().segments.last().is_some_and(|last| last.ident == "test"))
    {
        diagnostics.error(attr, "`#[sagaflow::test]` is a test already: remove the other `test`");
    }
}

fn emit(item: Item, root: &Root) -> TokenStream {
    let Item { attrs, vis, sig, body } = item;
    let (name, inputs, output) = (&sig.ident, &sig.inputs, &sig.output);
    let inner = inner_name(name);
    let lints =
        attrs.iter().filter(|attr| ["allow", "expect", "warn", "deny"].iter().any(|name| attr.path().is_ident(name)));
    quote! {
        #(#attrs)*
        #[::core::prelude::v1::test]
        #vis fn #name() #output {
            #(#lints)*
            async fn #inner(#inputs) #output #body

            #root::__private::in_lab(#inner)
        }
    }
}

/// For a function with errors: the same function without its body, so that no second error follows.
fn emit_stub(item: &Item, diagnostics: Diagnostics) -> TokenStream {
    let (vis, sig, errors) = (&item.vis, &item.sig, diagnostics.into_tokens());
    quote! {
        #[allow(dead_code, unused_variables, unused_mut)]
        #vis #sig {
            ::core::unreachable!()
        }
        #errors
    }
}

fn inner_name(name: &Ident) -> Ident {
    format_ident!("__{}", unraw(name), span = name.span())
}
