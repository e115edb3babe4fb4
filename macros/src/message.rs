//! The message of a function: the constructor and the struct that share its name, and `impl Message`.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{LitStr, PathArguments, Type};

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
    let members = if broken { TokenStream::new() } else { members(function) };
    let shape = match broken {
        true => "Broken",
        false if function.is_fallible() => "Fallible",
        false => "Plain",
    };
    let shape = Ident::new(shape, output.span());
    let shape = quote_spanned!(output.span() => ::sagaflow::__private::#shape);
    let check = if broken { TokenStream::new() } else { check_plain(function) };
    let serialize = if broken { quote!(::core::unreachable!()) } else { serialize(function) };
    let (generics, clause) = (&function.generics, &function.generics.where_clause);
    let message_doc = format!("The message of [`{0}`](fn@{0}): its arguments.", unraw(ident));
    quote! {
        #(#attrs)*
        #[allow(clippy::too_many_arguments)]
        #[allow(dead_code, unused_variables, reason = "a worker names the message only")]
        #vis fn #ident #generics (#(#fields: #types),*) -> ::sagaflow::Call<#ident> #clause {
            ::sagaflow::Call::new(#construct)
        }

        #(#cfgs)*
        #[doc = #message_doc]
        #[derive(::sagaflow::__private::serde::Deserialize)]
        #[serde(crate = "::sagaflow::__private::serde")]
        #[allow(non_camel_case_types, missing_debug_implementations, missing_docs, dead_code)]
        #vis struct #ident { #members }

        #(#cfgs)*
        impl ::sagaflow::__private::serde::Serialize for #ident {
            fn serialize<S>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error>
            where
                S: ::sagaflow::__private::serde::Serializer,
            {
                #serialize
            }
        }

        #(#cfgs)*
        impl ::sagaflow::__private::Message for #ident {
            const NAME: &'static ::core::primitive::str = #name;
            type Output = #output;
            type Shape = #shape;

            async fn inline(self) -> #output {
                #inline
            }
        }

        #check
    }
}

/// The fields. The bound on an argument's type is checked at one place with a text of its own, at the type.
fn members(function: &Function) -> TokenStream {
    let members = function.arguments().map(|param| {
        let (vis, ident, ty) = (&function.vis, &param.ident, &param.ty);
        let codec = LitStr::new("::sagaflow::__private::Argument::deserialize", ty.span());
        // Serde takes a missing `Option` for `None` by itself, but not with a codec.
        let default = is_option(ty).then(|| quote!(default,));
        quote!(#[serde(#default deserialize_with = #codec)] #vis #ident: #ty)
    });
    quote!(#(#members),*)
}

/// Writes the fields. Not derived, so that a type which can't travel is the same error as in [`members`], shown once.
///
/// ```text
/// let mut fields = serializer.serialize_struct("create_user", 1)?;
/// write_field(&mut fields, "name", Argument::write(&self.name))?;
/// fields.end()
/// ```
fn serialize(function: &Function) -> TokenStream {
    let (name, count) = (unraw(&function.ident), function.arguments().count());
    let fields = function.arguments().map(|param| {
        let (span, name) = (param.ty.span(), unraw(&param.ident));
        let mut ident = param.ident.clone();
        ident.set_span(span);
        let value = quote_spanned!(span => ::sagaflow::__private::Argument::write(&self.#ident));
        quote!(::sagaflow::__private::write_field(&mut fields, #name, #value)?;)
    });
    quote! {
        #[allow(unused_mut)]
        let mut fields = ::sagaflow::__private::serde::Serializer::serialize_struct(serializer, #name, #count)?;
        #(#fields)*
        ::sagaflow::__private::serde::ser::SerializeStruct::end(fields)
    }
}

/// Whether a type is written as `Option<…>`.
fn is_option(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| {
        let arguments = match &last.arguments {
            PathArguments::AngleBracketed(arguments) => arguments.args.len(),
            _ => 0,
        };
        last.ident == "Option" && arguments == 1
    })
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
            let _ = <#output as ::sagaflow::__private::ReturnTypeMustNotBeAnAliasOfResult<_>>::check;
        };
    }
}

/// A name without `r#`.
pub(crate) fn unraw(ident: &proc_macro2::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}
