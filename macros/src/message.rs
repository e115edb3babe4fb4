//! The message of a function: the constructor and the struct that share its name, and `impl Message`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{PathArguments, Type};

use crate::function::{Function, Param};
use crate::options::Options;

/// Emits the pair. From `async fn create_user(#[inject] db: &Db, name: String) -> Result<User, UserError>`:
///
/// ```text
/// fn create_user(name: String) -> Call<create_user> { Call::new(create_user { name }) }
/// struct create_user { name: String }
/// impl Message for create_user { const NAME = "create_user"; type Output = Result<User, UserError>; … }
/// ```
///
/// `kind` is the name of what the function is (`StepKind`); `inline` is the body of `Message::inline`, with `self` in scope. With errors in the signature, the struct stays
/// empty, so that they are not reported a second time.
pub(crate) fn emit(
    function: &Function,
    options: &Options,
    kind: &str,
    inline: &TokenStream,
    broken: bool,
) -> TokenStream {
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
    let (serialize, deserialize) =
        if broken { (unreachable.clone(), unreachable) } else { (serialize(function), deserialize(function)) };
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
        #[allow(clippy::too_many_arguments)]
        #[allow(dead_code, unused_variables, reason = "a worker names the message only")]
        #vis fn #ident #generics (#(#fields: #types),*) -> #root::Call<#ident> #clause {
            #root::Call::new(#construct)
        }

        #(#cfgs)*
        #[doc = #message_doc]
        #[allow(non_camel_case_types, non_snake_case, missing_debug_implementations, missing_docs, dead_code)]
        #vis struct #ident { #members }

        #(#cfgs)*
        impl #root::__private::serde::Serialize for #ident {
            fn serialize<S>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error>
            where
                S: #root::__private::serde::Serializer,
            {
                #serialize
            }
        }

        #(#cfgs)*
        impl<'de> #root::__private::serde::Deserialize<'de> for #ident {
            fn deserialize<D>(deserializer: D) -> ::core::result::Result<Self, D::Error>
            where
                D: #root::__private::serde::Deserializer<'de>,
            {
                #deserialize
            }
        }

        #(#cfgs)*
        impl #root::__private::Message for #ident {
            const NAME: &'static ::core::primitive::str = #name;
            #aliases
            type Output = #output;
            type Shape = #shape;
            type Kind = #root::__private::#kind;

            async fn inline(self) -> #output {
                #inline
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

/// Writes the fields. Not derived, so that a type which can't travel is an error with a text of its own, at the type, and
/// the same one as in [`deserialize`], shown once.
///
/// ```text
/// let mut fields = serializer.serialize_struct("create_user", 1)?;
/// write_field(&mut fields, "name", Argument::write(&self.name))?;
/// fields.end()
/// ```
fn serialize(function: &Function) -> TokenStream {
    let (name, count, root) = (unraw(&function.ident), function.arguments().count(), &function.root);
    let fields = function.arguments().map(|param| {
        let (span, name) = (param.ty.span(), unraw(&param.ident));
        let mut ident = param.ident.clone();
        ident.set_span(span);
        let argument_root = root.at(span);
        let value = quote_spanned!(span => #argument_root::__private::Argument::write(&self.#ident));
        quote!(#root::__private::write_field(&mut fields, #name, #value)?;)
    });
    quote! {
        #[allow(unused_mut)]
        let mut fields = #root::__private::serde::Serializer::serialize_struct(serializer, #name, #count)?;
        #(#fields)*
        #root::__private::serde::ser::SerializeStruct::end(fields)
    }
}

/// Reads the fields, in any order; others are ignored. The names that they had before (`alias`) stand after theirs.
///
/// ```text
/// struct Fields;
/// impl<'de> Visitor<'de> for Fields {
///     fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<create_user, A::Error> {
///         let mut __field_0: Option<String> = None;
///         while let Some(field) = next_field(&mut map, &["name"])? {
///             match field {
///                 0 => Argument::read(&mut map, &mut __field_0, "name")?,
///                 _ => skip_field(&mut map)?,
///             }
///         }
///         Ok(create_user { name: required_field(__field_0, "name")? })
///     }
/// }
/// deserializer.deserialize_struct("create_user", &["name"], Fields)
/// ```
fn deserialize(function: &Function) -> TokenStream {
    let (name, ident, root) = (unraw(&function.ident), &function.ident, &function.root);
    let arguments: Vec<_> = function.arguments().collect();
    let names: Vec<_> = arguments.iter().map(|param| unraw(&param.ident)).collect();
    // With the span of the type, so that what is wrong with it is said there.
    let slot = |(index, param): (usize, &&Param)| Ident::new(&format!("__field_{index}"), param.ty.span());
    let slots: Vec<_> = arguments.iter().enumerate().map(slot).collect();
    let types = arguments.iter().map(|param| &param.ty);
    let map = Ident::new("map", Span::mixed_site());
    let aliases = || {
        arguments
            .iter()
            .enumerate()
            .flat_map(|(index, param)| param.evolution.alias.iter().map(move |old| (index, old)))
    };
    let reads = arguments.iter().zip(&slots).zip(&names).enumerate().map(|(index, ((param, slot), name))| {
        let (span, root) = (param.ty.span(), root.at(param.ty.span()));
        let read = quote_spanned!(span => #root::__private::Argument::read(&mut #map, &mut #slot, #name)?);
        let old = (names.len()..).zip(aliases()).filter(|(_, (of, _))| *of == index).map(|(position, _)| position);
        quote!(#index #(| #old)* => #read,)
    });
    let old: Vec<_> = aliases().map(|(_, old)| old).collect();
    let fields = arguments.iter().zip(&slots).zip(&names).map(|((param, slot), name)| {
        let ident = &param.ident;
        // As serde's derived code does: a missing `Option` is `None`.
        let value = if let Some(default) = &param.evolution.default {
            quote!(#slot.unwrap_or_else(|| #default))
        } else if is_option(&param.ty) {
            quote!(#slot.unwrap_or_default())
        } else {
            quote!(#root::__private::required_field(#slot, #name)?)
        };
        quote!(#ident: #value)
    });
    quote! {
        struct Fields;

        impl<'de> #root::__private::serde::de::Visitor<'de> for Fields {
            type Value = #ident;

            fn expecting(&self, text: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                text.write_str(::core::concat!("the arguments of `", #name, "`"))
            }

            fn visit_map<A>(self, mut #map: A) -> ::core::result::Result<#ident, A::Error>
            where
                A: #root::__private::serde::de::MapAccess<'de>,
            {
                #(let mut #slots: ::core::option::Option<#types> = ::core::option::Option::None;)*
                while let ::core::option::Option::Some(field) =
                    #root::__private::next_field(&mut #map, &[#(#names,)* #(#old),*])?
                {
                    match field {
                        #(#reads)*
                        _ => #root::__private::skip_field(&mut #map)?,
                    }
                }
                ::core::result::Result::Ok(#ident { #(#fields),* })
            }
        }

        #root::__private::serde::Deserializer::deserialize_struct(deserializer, #name, &[#(#names,)* #(#old),*], Fields)
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
