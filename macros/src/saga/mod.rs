//! `#[saga]`: from an async function to a state machine.
//!
//! The passes, each a module, in order:
//!
//! 1. **syntax** ([`crate::function`]): the function is taken apart, its signature checked;
//! 2. [`check`]: what a body can't contain;
//! 3. [`resolve`]: names that hide others get names of their own;
//! 4. [`lower`]: the body becomes a [`graph`] of blocks, split where it awaits;
//! 5. [`analyze`]: which places are read after each await;
//! 6. [`emit`]: the graph becomes one function, with an [`outline`] of itself.

mod analyze;
mod assigned;
mod boxed;
mod check;
mod emit;
mod graph;
mod inline;
mod leaves;
mod lower;
mod macro_tokens;
mod outline;
mod pattern;
mod places;
mod regions;
mod resolve;
mod show;
mod suspends;
#[cfg(test)]
mod tests;
mod text;
mod verify;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Block, parse_quote};

use crate::diagnostics::Diagnostics;
use crate::duration;
use crate::evolution;
use crate::function::{self, Function};
use crate::message::{self, unraw};
use crate::options::Options;
use crate::root::Root;
use crate::step;
use outline::Outline;
use pattern::Binding;

/// Expands `#[saga(options)] item`.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let mut item = match function::parse("saga", item) {
        Ok(item) => item,
        Err(rejected) => return rejected,
    };
    function::alone("saga", &mut item, &mut diagnostics);
    for attr in item.attrs.extract_if(.., |attr| step::is_helper(attr)) {
        let name = attr.path().segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        diagnostics.error(attr, step::misplaced_on_saga(&name));
    }
    let options = Options::parse("saga", options, &mut diagnostics);
    let Some(root) = options.root(&item.sig.ident) else {
        return function::without_sagaflow("saga", item, diagnostics);
    };
    let function = Function::new("saga", item, (None, None), root, &mut diagnostics);
    let Some(body) = &function.body.block else { return emit_verbatim(&function, &options, diagnostics) };
    check::check(body, &mut diagnostics);
    if !diagnostics.is_empty() {
        return emit_stub(&function, &options, diagnostics);
    }
    let (resume, outline) = compile(&function, body, &mut diagnostics);
    if !diagnostics.is_empty() {
        return emit_stub(&function, &options, diagnostics);
    }
    let mut plain = body.clone();
    evolution::strip(|strip| strip.visit_block_mut(&mut plain));
    let expansion = emit(&function, &options, &inline::inline(&plain, &function.root), &resume);
    show::show_if_asked(&function, &expansion, &outline);
    expansion
}

/// Passes 3 to 6: the body of `resume`, and what comes after what in it.
fn compile(function: &Function, body: &Block, diagnostics: &mut Diagnostics) -> (TokenStream, Outline) {
    let names: Vec<Ident> = function.params.iter().map(|param| param.ident.clone()).collect();
    let params: Vec<Binding> = function
        .params
        .iter()
        .map(|param| Binding { ident: param.ident.clone(), mutable: param.mutable, by_ref: false })
        .collect();
    let mut body = body.clone();
    let boxed = boxed::note(&mut body);
    let renamed = resolve::resolve(&names, &mut body, diagnostics);
    let ident = &function.ident;
    let fields = function.params.iter().map(|param| {
        let (ident, mutability) = (&param.ident, param.mutable.then(|| quote!(mut)));
        quote!(#mutability #ident)
    });
    let first = parse_quote!(let #ident { #(#fields),* } = __arguments;);
    let mut graph = lower::lower(&params, first, body, &function.root, diagnostics);
    graph.renamed = renamed;
    // The parameters are the first variables.
    for (var, param) in graph.vars.iter_mut().zip(&function.params) {
        var.evolution = param.evolution.clone();
    }
    let liveness = analyze::analyze(&graph);
    for var in verify::unassigned(&graph, &liveness) {
        let ident = &graph.vars[var].ident;
        diagnostics.error(
            ident,
            format!("`{ident}` has no value yet on a way to where it is read: assign it in every branch"),
        );
    }
    if cfg!(debug_assertions) && diagnostics.is_empty() {
        verify::verify(&graph, &liveness);
    }
    emit::emit(&graph, &liveness, &boxed, function.is_fallible())
}

/// ```text
/// impl Saga for checkout {
///     async fn inline(checkout { request: request }: Self) -> Result<Receipt, CheckoutError> { … }
///     async fn resume(machine: &mut Machine<'_>) -> Result<Receipt, CheckoutError> { … }
/// }
/// ```
/// `inline` is the function as it was written, its awaits turned into inline runs.
fn emit(function: &Function, options: &Options, body: &impl ToTokens, resume: &TokenStream) -> TokenStream {
    let Function { ident, output, attrs, root, .. } = function;
    let lints =
        attrs.iter().filter(|attr| ["allow", "expect", "warn", "deny"].iter().any(|name| attr.path().is_ident(name)));
    let cfgs = attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    let inner = &function.body.attrs;
    let message = message::emit(function, options, "SagaKind", false);
    let pattern = function.message_pattern();
    let machine = Ident::new("machine", proc_macro2::Span::mixed_site());
    let tracked = show::tracked();
    let mut resume = Group::new(
        Delimiter::Brace,
        quote! {
            use #root::__private::{AnyRest as _, AnySlot as _, NoRest as _};
            #resume
        },
    );
    // Where rustc points at the whole body, it is the same place as in the inline form, and shown once.
    resume.set_span(function.body.span);
    let deadline = options.deadline.map(|deadline| {
        let deadline = duration::emit(deadline);
        quote! {
            const DEADLINE: ::core::option::Option<::core::time::Duration> = ::core::option::Option::Some(#deadline);
        }
    });
    let history = options.history.map(|history| {
        let history = duration::emit(history);
        quote! {
            const HISTORY: ::core::option::Option<::core::time::Duration> = ::core::option::Option::Some(#history);
        }
    });
    let hooks = hooks(root, options);
    let line = line(function, options);
    // An argument may be there for the key alone.
    let of_key = options.key.as_ref().map(|key| {
        let idents = function.params.iter().map(|param| &param.ident);
        let used = idents.filter(|ident| names(key.to_token_stream(), ident));
        quote!(#(let _ = &#used;)*)
    });
    let body = match of_key {
        Some(uses) => quote!({ #uses #body }),
        None => body.to_token_stream(),
    };
    let (versions, check) = versions(function, options);
    quote! {
        #message
        #tracked
        #check

        #(#cfgs)*
        impl #root::__private::Saga for #ident {
            #deadline
            #history
            #hooks
            #line
            #versions

            #(#lints)*
            #(#inner)*
            #[allow(clippy::match_single_binding, clippy::blocks_in_conditions, non_shorthand_field_patterns)]
            async fn inline(#pattern: Self) -> #output #body

            #[allow(warnings, unused, nonstandard_style, unreachable_code, clippy::all, clippy::pedantic, clippy::nursery)]
            async fn resume(#machine: &mut #root::__private::Machine<'_>) -> #output #resume
        }
    }
}

/// What is told when an instance gets stuck, or fails.
///
/// ```text
/// fn hooks(definition: &mut SagaDefinition) { definition.on_stuck(alert); definition.on_failed(alert); }
/// ```
fn hooks(root: &Root, options: &Options) -> Option<TokenStream> {
    let hook = |method: &str, hook: &syn::Path| {
        let method = Ident::new(method, hook.span());
        quote!(definition.#method(#hook);)
    };
    let stuck = options.on_stuck.as_ref().map(|path| hook("on_stuck", path));
    let failed = options.on_failed.as_ref().map(|path| hook("on_failed", path));
    (stuck.is_some() || failed.is_some()).then(|| {
        quote! {
            fn hooks(definition: &mut #root::__private::SagaDefinition) {
                #stuck
                #failed
            }
        }
    })
}

/// How many instances run at a time, of those with the same key.
///
/// ```text
/// const CONCURRENCY: Option<u32> = Some(2);
/// fn line_key(checkout { request: request }: Self) -> Option<String> { line_key(&(request.tenant)) }
/// ```
fn line(function: &Function, options: &Options) -> Option<TokenStream> {
    let Function { root, .. } = function;
    let most = options.concurrency?;
    let key = options.key.as_ref().map(|key| {
        let (span, root) = (key.span(), root.at(key.span()));
        let pattern = function.message_pattern();
        let body = quote_spanned!(span => #root::__private::line_key(&(#key)));
        quote! {
            #[allow(unused, non_shorthand_field_patterns)]
            fn line_key(#pattern: Self) -> ::core::option::Option<::std::string::String> { #body }
        }
    });
    Some(quote! {
        const CONCURRENCY: ::core::option::Option<::core::primitive::u32> = ::core::option::Option::Some(#most);
        #key
    })
}

/// Whether tokens have this name in them.
fn names(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => names(group.stream(), name),
        // In a format string, perhaps.
        TokenTree::Literal(literal) => literal.to_string().contains(&format!("{{{name}")),
        TokenTree::Punct(_) => false,
    })
}

/// Which version it is, and what is done with instances of older ones; and what is checked of that where it stands.
///
/// ```text
/// const VERSION: u32 = 2;
/// fn earlier(definition: &mut SagaDefinition) { definition.before::<Self, checkout_v1>(); definition.keep::<release>(); }
/// ```
fn versions(function: &Function, options: &Options) -> (TokenStream, Option<TokenStream>) {
    let Function { ident, root, .. } = function;
    let version = options.version.map(|version| quote!(const VERSION: ::core::primitive::u32 = #version;));
    let before = options.before.as_ref().map(|before| {
        let span = before.span();
        quote_spanned!(span => definition.before::<Self, #before>();)
    });
    let migrate = options.migrate.as_ref().map(|migrate| {
        let span = migrate.span();
        quote_spanned!(span => definition.migrate::<Self>(#migrate);)
    });
    let keep = options.keep.iter().map(|step| quote_spanned!(step.span() => definition.keep::<#step>();));
    let check = options.before.as_ref().map(|before| {
        let (span, root) = (before.span(), root.at(before.span()));
        let cfgs = function.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
        quote_spanned!(span => #(#cfgs)* const _: () = #root::__private::is_version_before::<#before, #ident>();)
    });
    let earlier = (before.is_some() || migrate.is_some() || !options.keep.is_empty()).then(|| {
        quote! {
            fn earlier(definition: &mut #root::__private::SagaDefinition) {
                #before
                #migrate
                #(#keep)*
            }
        }
    });
    (quote!(#version #earlier), check)
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
    let Function { ident, output, root, .. } = function;
    let unreachable = quote!(::core::unreachable!());
    let message = message::emit(function, options, "SagaKind", true);
    let errors = diagnostics.into_tokens();
    quote! {
        #message

        impl #root::__private::Saga for #ident {
            async fn inline(_: Self) -> #output {
                #unreachable
            }

            async fn resume(_: &mut #root::__private::Machine<'_>) -> #output {
                #unreachable
            }
        }

        #errors
    }
}
