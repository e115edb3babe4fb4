//! The message of a function: the constructor and the struct that share its name, and `impl Message`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
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
/// `kind` is the name of what the function is (`StepKind`). With errors in the signature, the struct stays
/// empty, so that they are not reported a second time.
pub(crate) fn emit(function: &Function, options: &Options, kind: &str, broken: bool) -> TokenStream {
    let Function { attrs, vis, ident, output, root, .. } = function;
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
    let shape_root = root.at(output.span());
    let shape = quote_spanned!(output.span() => #shape_root::__private::#shape);
    let kind = Ident::new(kind, Span::call_site());
    let check = if broken { TokenStream::new() } else { check_plain(function) };
    let unreachable = quote!(::core::unreachable!());
    let (write, read) = if broken { (unreachable.clone(), unreachable) } else { (write(function), read(function)) };
    let (generics, clause) = (&function.generics, &function.generics.where_clause);
    let message_doc = format!("The message of [`{0}`](fn@{0}): its arguments.", unraw(ident));
    let aliases = (!options.alias.is_empty()).then(|| {
        let aliases = &options.alias;
        quote!(const ALIASES: &'static [&'static ::core::primitive::str] = &[#(#aliases),*];)
    });
    let import = root.import().map(|import| quote!(#(#cfgs)* #import));
    quote! {
        #import

        #(#attrs)*
        #[allow(clippy::too_many_arguments, dead_code, unused_variables)]
        #vis fn #ident #generics (#(#fields: #types),*) -> #root::Call<#ident> #clause {
            #root::Call::new(#construct)
        }

        #(#cfgs)*
        #[doc = #message_doc]
        #[allow(non_camel_case_types, non_snake_case, missing_debug_implementations, missing_docs, dead_code)]
        #vis struct #ident { #members }

        #(#cfgs)*
        impl #root::__private::Message for #ident {
            const NAME: &'static ::core::primitive::str = #name;
            #aliases
            type Output = #output;
            type Shape = #shape;
            type Kind = #root::__private::#kind;

            #[allow(unused_variables)]
            fn write(&self, arguments: &mut #root::__private::Written) {
                #write
            }

            #[allow(unused_variables)]
            fn read(arguments: &mut #root::__private::Arguments<'_>) -> ::core::option::Option<Self> {
                #read
            }
        }

        #check
    }
}

/// The fields.
fn members(function: &Function) -> TokenStream {
    let members = function.arguments().map(|param| {
        let (vis, ident, ty) = (&function.vis, &param.ident, &param.ty);
        quote!(#vis #ident: #ty)
    });
    quote!(#(#members),*)
}

/// Writes the arguments. With the span of the type: one that can't travel is an error with a text of its own there, and
/// the same one as in [`read`], shown once.
///
/// ```text
/// Argument::write(arguments, "name", &self.name);
/// ```
fn write(function: &Function) -> TokenStream {
    let arguments = function.arguments().map(|param| {
        let (span, name) = (param.ty.span(), unraw(&param.ident));
        let (mut ident, arguments) = (param.ident.clone(), Ident::new("arguments", span));
        ident.set_span(span);
        let root = function.root.at(span);
        quote_spanned!(span => #root::__private::Argument::write(#arguments, #name, &self.#ident);)
    });
    quote!(#(#arguments)*)
}

/// Reads the arguments. All of them, also after one that doesn't fit, since it serves to list them, too.
///
/// ```text
/// match (Argument::read(arguments, "name"),) {
///     (Some(__field_0),) => Some(create_user { name: __field_0 }),
///     _ => None,
/// }
/// ```
fn read(function: &Function) -> TokenStream {
    let ident = &function.ident;
    let reads = function.arguments().map(|param| {
        let (span, name) = (param.ty.span(), unraw(&param.ident));
        let (root, arguments) = (function.root.at(span), Ident::new("arguments", span));
        let (alias, default) = (&param.evolution.alias, &param.evolution.default);
        if alias.is_empty() && default.is_none() {
            return quote_spanned!(span => #root::__private::Argument::read(#arguments, #name));
        }
        let default = match default {
            // A closure of ours, or clippy would have the user write it in another way.
            Some(default) => {
                let closure = quote_spanned!(span.resolved_at(Span::mixed_site()) => || { #default });
                quote_spanned!(span => ::core::option::Option::Some(#closure))
            }
            // With the span, too: what is wrong with the type is said at the last argument that has to do with it.
            None => quote_spanned!(span => ::core::option::Option::None),
        };
        quote_spanned!(span => #root::__private::Argument::evolved(#arguments, #name, &[#(#alias),*], #default))
    });
    let fields: Vec<_> = function.arguments().map(|param| &param.ident).collect();
    let values: Vec<_> = (0..fields.len()).map(|index| format_ident!("__field_{index}")).collect();
    if fields.is_empty() {
        return quote!(::core::option::Option::Some(#ident {}));
    }
    quote! {
        match (#(#reads,)*) {
            (#(::core::option::Option::Some(#values),)*) => ::core::option::Option::Some(#ident { #(#fields: #values),* }),
            _ => ::core::option::Option::None,
        }
    }
}

/// The shape of the output is told by the name `Result`; an alias with another name must not pass for a plain value.
fn check_plain(function: &Function) -> TokenStream {
    if function.is_fallible() {
        return TokenStream::new();
    }
    let (output, root) = (&function.output, function.root.at(function.output.span()));
    let cfgs = function.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    quote_spanned! { output.span() =>
        #(#cfgs)*
        const _: fn() = || {
            let _ = <#output as #root::__private::ReturnTypeMustNotBeAnAliasOfResult<_>>::check;
        };
    }
}

/// A name without `r#`.
pub(crate) fn unraw(ident: &proc_macro2::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}
