//! `#[step]`: from an async function to a message, its constructor, and `impl Step`.

mod compensate;
mod retry;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Attribute;
use syn::spanned::Spanned;

use crate::diagnostics::Diagnostics;
use crate::function::{self, Function, Item};
use crate::message::{self, unraw};
use crate::options::Options;

/// The attributes that belong to `#[step]` and are taken off the function.
const HELPERS: [&str; 2] = ["retry", "compensate"];

/// Expands `#[step(options)] item`.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut item = match function::parse("step", item) {
        Ok(item) => item,
        Err(rejected) => return rejected,
    };
    let mut diagnostics = Diagnostics::default();
    let (helpers, attrs) = item.attrs.drain(..).partition(is_helper);
    item.attrs = attrs;
    let function = Function::new("step", item, &mut diagnostics);
    let signature_is_broken = !diagnostics.is_empty();
    let options = Options::parse("step", options, &mut diagnostics);
    let define = define(&function, helpers, &mut diagnostics);
    let output = if signature_is_broken { emit_stub(&function, &options) } else { emit(&function, &options, &define) };
    let errors = diagnostics.into_tokens();
    quote!(#output #errors)
}

/// `#[retry]` or `#[compensate]` was met before `#[step]`: moves it below, where `#[step]` finds it.
pub(crate) fn helper(name: &str, options: TokenStream, item: TokenStream) -> TokenStream {
    let ident = format_ident!("{name}");
    let function = syn::parse2::<Item>(item.clone());
    if let Ok(mut function) = function
        && function.attrs.iter().any(|attr| is_named(attr, "step"))
    {
        function.attrs.push(syn::parse_quote!(#[::sagaflow::#ident(#options)]));
        return quote!(#function);
    }
    let message = match syn::parse2::<Item>(item.clone()) {
        Ok(function) if function.attrs.iter().any(|attr| is_named(attr, "saga")) => misplaced_on_saga(name),
        Ok(_) => format!("`#[{name}]` belongs to a step: write `#[step]` above it"),
        Err(_) => format!("`#[{name}]` goes on a `#[step]` function"),
    };
    let error = syn::Error::new(Span::call_site(), message).into_compile_error();
    quote!(#item #error)
}

/// The text for `#[retry]` or `#[compensate]` on a saga.
pub(crate) fn misplaced_on_saga(name: &str) -> String {
    format!("`#[{name}]` belongs to a step: put it on the steps that this saga calls")
}

/// Whether an attribute is `#[retry]` or `#[compensate]`.
pub(crate) fn is_helper(attr: &Attribute) -> bool {
    HELPERS.iter().any(|name| is_named(attr, name))
}

fn is_named(attr: &Attribute, name: &str) -> bool {
    attr.path().segments.last().is_some_and(|segment| segment.ident == name)
}

/// The body of `Step::define`: dependencies, retry policy, compensation.
fn define(function: &Function, helpers: Vec<Attribute>, diagnostics: &mut Diagnostics) -> TokenStream {
    let needs = function.params.iter().filter_map(|param| {
        let (ty, name) = (param.inject.as_ref()?, unraw(&param.ident));
        Some(quote!(step.needs::<#ty>(#name);))
    });
    let mut lines = quote!(#(#needs)*);
    for name in HELPERS {
        let mut found = helpers.iter().filter(|attr| is_named(attr, name));
        let Some(attr) = found.next() else { continue };
        for again in found {
            diagnostics.error(again, format!("`#[{name}]` is given twice: keep one"));
        }
        let tokens = match &attr.meta {
            syn::Meta::List(list) => list.tokens.clone(),
            other => {
                diagnostics.error(other, format!("`#[{name}]` needs its options: {}", usage(name)));
                continue;
            }
        };
        lines.extend(match name {
            "retry" => retry::emit(tokens, function, diagnostics),
            _ => compensate::emit(tokens, function, diagnostics),
        });
    }
    lines
}

fn usage(helper: &str) -> &'static str {
    match helper {
        "retry" => "`#[retry(exponential, base = \"1s\", max_attempts = 5)]`",
        _ => "`#[compensate(undo_it(output.id))]`",
    }
}

/// ```text
/// impl Step for create_user {
///     fn define(step: &mut StepDefinition) { step.needs::<Db>("db"); step.retry(…); … }
///     async fn run(self, injected: Injected) -> Result<User, UserError> {
///         async fn create_user_body(db: &Db, name: String) -> Result<User, UserError> { … }
///         create_user_body(injected.get(), self.name).await
///     }
/// }
/// ```
fn emit(function: &Function, options: &Options, define: &TokenStream) -> TokenStream {
    let Function { ident, output, body, attrs, .. } = function;
    let body_name = format_ident!("__{}", unraw(ident), span = ident.span());
    let params = function.params.iter().map(|param| {
        let (ident, ty) = (&param.ident, &param.ty);
        let mutability = param.mutable.then(|| quote!(mut));
        quote!(#mutability #ident: #ty)
    });
    let values = function.params.iter().map(|param| {
        let ident = &param.ident;
        if param.inject.is_some() { quote_spanned!(param.ty.span() => injected.get()) } else { quote!(self.#ident) }
    });
    let lints =
        attrs.iter().filter(|attr| ["allow", "expect", "warn", "deny"].iter().any(|name| attr.path().is_ident(name)));
    let cfgs: Vec<_> = attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect();
    let inline = quote!(
        ::sagaflow::__private::Step::run(
            self,
            ::sagaflow::__private::Injected::inline(<Self as ::sagaflow::__private::Message>::NAME)
        )
        .await
    );
    let message = message::emit(function, options, &inline, false);
    quote! {
        #message

        #(#cfgs)*
        impl ::sagaflow::__private::Step for #ident {
            #[allow(unused_variables, clippy::all, clippy::pedantic)]
            fn define(step: &mut ::sagaflow::__private::StepDefinition) {
                #define
            }

            #[allow(unused_variables)]
            async fn run(self, injected: ::sagaflow::__private::Injected) -> #output {
                #(#lints)*
                #[allow(clippy::too_many_arguments)]
                async fn #body_name(#(#params),*) -> #output #body

                #body_name(#(#values),*).await
            }
        }
    }
}

/// For a signature with errors: the same items without substance, so that no second error follows.
fn emit_stub(function: &Function, options: &Options) -> TokenStream {
    let Function { ident, output, .. } = function;
    let unreachable = quote!(::core::unreachable!());
    let message = message::emit(function, options, &unreachable, true);
    quote! {
        #message

        impl ::sagaflow::__private::Step for #ident {
            fn define(_: &mut ::sagaflow::__private::StepDefinition) {}

            async fn run(self, _: ::sagaflow::__private::Injected) -> #output {
                #unreachable
            }
        }
    }
}
