//! The message of a function: the constructor and the struct that share its name, and `impl Message`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::function::Function;
use crate::options::Options;

/// Emits the pair. From `async fn create_user(#[inject] db: &Db, name: String) -> Result<User, UserError>`:
///
/// ```text
/// fn create_user(name: String) -> Call<create_user> { Call::new(create_user { name }) }
/// struct create_user { name: String }
/// impl Message for create_user { const NAME = "create_user"; type Output = Result<User, UserError>; … }
/// ```
///
/// `inline` is the body of `Message::inline`, with `self` in scope. With errors in the signature, the struct stays
/// empty, so that they are not reported a second time.
pub(crate) fn emit(function: &Function, options: &Options, inline: &TokenStream, broken: bool) -> TokenStream {
    let Function { attrs, vis, ident, output, .. } = function;
    let name = match &options.name {
        Some(name) => quote!(#name),
        None => {
            let name = unraw(ident);
            quote!(#name)
        }
    };
    let cfgs: Vec<_> = attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect();
    let params: Vec<_> = function.arguments().map(|param| (&param.ident, &param.ty)).collect();
    let (fields, types): (Vec<_>, Vec<_>) = params.iter().copied().unzip();
    let construct = if broken { quote!(#ident {}) } else { quote!(#ident { #(#fields),* }) };
    let members = if broken { quote!() } else { quote!(#(#fields: #types),*) };
    let shape = if function.is_fallible() { quote!(Fallible) } else { quote!(Plain) };
    let check = check_plain(function);
    let message_doc = format!("The message of [`{0}`](fn@{0}): its arguments.", unraw(ident));
    quote! {
        #(#attrs)*
        #[allow(clippy::too_many_arguments)]
        #[allow(dead_code, unused_variables, reason = "a worker names the message only")]
        #vis fn #ident(#(#fields: #types),*) -> ::sagaflow::Call<#ident> {
            ::sagaflow::Call::new(#construct)
        }

        #(#cfgs)*
        #[doc = #message_doc]
        #[derive(::sagaflow::__private::serde::Serialize, ::sagaflow::__private::serde::Deserialize)]
        #[serde(crate = "::sagaflow::__private::serde")]
        #[allow(non_camel_case_types, missing_debug_implementations, dead_code)]
        #vis struct #ident { #members }

        #(#cfgs)*
        impl ::sagaflow::__private::Message for #ident {
            const NAME: &'static ::core::primitive::str = #name;
            type Output = #output;
            type Shape = ::sagaflow::__private::#shape;

            async fn inline(self) -> #output {
                #inline
            }
        }

        #check
    }
}

/// The shape of the output is told by the name `Result`; an alias with another name must not pass for a plain value.
fn check_plain(function: &Function) -> TokenStream {
    if function.is_fallible() {
        return TokenStream::new();
    }
    let output = &function.output;
    let cfgs = function.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    quote_spanned! { output.span() =>
        #(#cfgs)*
        const _: fn() = || {
            let _ = <#output as ::sagaflow::__private::PlainOutputMustNotBeAnAliasOfResult<_>>::check;
        };
    }
}

/// A name without `r#`.
pub(crate) fn unraw(ident: &proc_macro2::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}
