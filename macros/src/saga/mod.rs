//! `#[saga]`: from an async function to a state machine.
//!
//! The passes, each a module, in order:
//!
//! 1. **syntax** ([`crate::function`]): the function is taken apart, its signature checked;
//! 2. [`check`]: what a body can't contain;
//! 3. [`resolve`]: names that hide others get names of their own;
//! 4. [`lower`]: the body becomes a [`graph`] of blocks, split where it awaits;
//! 5. [`analyze`]: which places are read after each await;
//! 6. [`emit`]: the graph becomes one function.

mod analyze;
mod assigned;
mod check;
mod emit;
mod graph;
mod inline;
mod lower;
mod macro_tokens;
mod pattern;
mod places;
mod resolve;
mod suspends;
#[cfg(test)]
mod tests;
mod verify;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Block, parse_quote};

use crate::diagnostics::Diagnostics;
use crate::function::{self, Function};
use crate::message::{self, unraw};
use crate::options::Options;
use crate::step;
use pattern::Binding;

/// Expands `#[saga(options)] item`.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let mut item = match function::parse("saga", item) {
        Ok(item) => item,
        Err(rejected) => return rejected,
    };
    for attr in item.attrs.extract_if(.., |attr| step::is_helper(attr)) {
        let name = attr.path().segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        diagnostics.error(attr, step::misplaced_on_saga(&name));
    }
    let options = Options::parse("saga", options, &mut diagnostics);
    let function = Function::new("saga", item, &mut diagnostics);
    let Some(body) = &function.body.block else { return emit_verbatim(&function, &options, diagnostics) };
    check::check(body, &mut diagnostics);
    if !diagnostics.is_empty() {
        return emit_stub(&function, &options, diagnostics);
    }
    let resume = compile(&function, body, &mut diagnostics);
    if !diagnostics.is_empty() {
        return emit_stub(&function, &options, diagnostics);
    }
    emit(&function, &options, &inline::inline(body), &resume)
}

/// Passes 3 to 6: the body of `resume`.
fn compile(function: &Function, body: &Block, diagnostics: &mut Diagnostics) -> TokenStream {
    let names: Vec<Ident> = function.params.iter().map(|param| param.ident.clone()).collect();
    let params: Vec<Binding> =
        function.params.iter().map(|param| Binding { ident: param.ident.clone(), mutable: param.mutable }).collect();
    let mut body = body.clone();
    resolve::resolve(&names, &mut body, diagnostics);
    let ident = &function.ident;
    let fields = function.params.iter().map(|param| {
        let (ident, mutability) = (&param.ident, param.mutable.then(|| quote!(mut)));
        quote!(#mutability #ident)
    });
    let first = parse_quote!(let #ident { #(#fields),* } = __arguments;);
    let mut graph = lower::lower(&params, first, body, diagnostics);
    let liveness = analyze::analyze(&mut graph);
    if cfg!(debug_assertions) && diagnostics.is_empty() {
        verify::verify(&graph, &liveness);
    }
    emit::emit(&graph, &liveness)
}

/// ```text
/// impl Saga for checkout {
///     async fn resume(machine: &mut Machine<'_>) -> Result<Receipt, CheckoutError> { … }
/// }
/// ```
/// and, as the body of `Message::inline`, the function as it was written, its awaits turned into inline runs.
fn emit(function: &Function, options: &Options, body: &impl ToTokens, resume: &TokenStream) -> TokenStream {
    let Function { ident, output, attrs, .. } = function;
    let body_name = format_ident!("__{}", unraw(ident), span = ident.span());
    let params = function.params.iter().map(|param| {
        let (ident, ty, mutability) = (&param.ident, &param.ty, param.mutable.then(|| quote!(mut)));
        quote!(#mutability #ident: #ty)
    });
    let values = function.params.iter().map(|param| &param.ident);
    let lints =
        attrs.iter().filter(|attr| ["allow", "expect", "warn", "deny"].iter().any(|name| attr.path().is_ident(name)));
    let cfgs = attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    let inline = quote! {
        #(#lints)*
        #[allow(clippy::match_single_binding, clippy::too_many_arguments, reason = "an `.await` is a `match`")]
        async fn #body_name(#(#params),*) -> #output #body

        #body_name(#(self.#values),*).await
    };
    let message = message::emit(function, options, &inline, false);
    let machine = Ident::new("machine", proc_macro2::Span::mixed_site());
    quote! {
        #message

        #(#cfgs)*
        impl ::sagaflow::__private::Saga for #ident {
            #[allow(warnings, clippy::all, clippy::pedantic, clippy::nursery)]
            async fn resume(#machine: &mut ::sagaflow::__private::Machine<'_>) -> #output {
                use ::sagaflow::__private::AnyRest as _;
                #resume
            }
        }
    }
}

/// For a body that doesn't parse. rustc has said so, and says it once more at the same place, which it shows once.
/// Should it be able to read what we can't, the build ends with the error in `resume`.
fn emit_verbatim(function: &Function, options: &Options, diagnostics: Diagnostics) -> TokenStream {
    if !diagnostics.is_empty() {
        return emit_stub(function, options, diagnostics);
    }
    let text = format!(
        "sagaflow {} can't read the body of the saga `{}`: please report it",
        env!("CARGO_PKG_VERSION"),
        unraw(&function.ident)
    );
    let body = inline::inline_tokens(function.body.tokens.clone());
    emit(function, options, &body, &quote!(const { ::core::panic!(#text) }))
}

/// For a function with errors: the same items without substance, so that no second error follows.
fn emit_stub(function: &Function, options: &Options, diagnostics: Diagnostics) -> TokenStream {
    let Function { ident, output, .. } = function;
    let unreachable = quote!(::core::unreachable!());
    let message = message::emit(function, options, &unreachable, true);
    let errors = diagnostics.into_tokens();
    quote! {
        #message

        impl ::sagaflow::__private::Saga for #ident {
            async fn resume(_: &mut ::sagaflow::__private::Machine<'_>) -> #output {
                #unreachable
            }
        }

        #errors
    }
}
