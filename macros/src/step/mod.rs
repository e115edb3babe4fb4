//! `#[step]`: from an async function to a message, its constructor, and `impl Step`.

mod compensate;
mod retry;
#[cfg(test)]
mod tests;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Attribute;
use syn::spanned::Spanned;

use crate::diagnostics::Diagnostics;
use crate::duration;
use crate::function::{self, Function, Item};
use crate::message::{self, unraw};
use crate::options::Options;
use crate::root::Root;

/// The attributes that belong to `#[step]` and are taken off the function.
const HELPERS: [&str; 2] = ["retry", "compensate"];

/// Expands `#[step(options)] item`.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut item = match function::parse("step", item) {
        Ok(item) => item,
        Err(rejected) => return rejected,
    };
    let mut diagnostics = Diagnostics::default();
    function::alone("step", &mut item, &mut diagnostics);
    let (helpers, attrs) = item.attrs.drain(..).partition(is_helper);
    item.attrs = attrs;
    let mut in_options = Diagnostics::default();
    let options = Options::parse("step", options, &mut in_options);
    let Some(root) = options.root(&item.sig.ident) else { return function::without_sagaflow("step", item, in_options) };
    let manner = (options.blocking.as_ref(), options.transaction.as_ref());
    let function = Function::new("step", item, manner, root, &mut diagnostics);
    check_transaction(&function, &options, &mut diagnostics);
    let signature_is_broken = !diagnostics.is_empty();
    diagnostics.extend(in_options);
    let uses = uses(&function, &helpers);
    let mut define = define(&function, helpers, &mut diagnostics);
    define.extend(limits(&options));
    let output = if signature_is_broken { emit_stub(&function, &options) } else { emit(&function, &options, &define) };
    let errors = diagnostics.into_tokens();
    quote!(#output #uses #errors)
}

/// A step that runs in a transaction takes exactly one.
fn check_transaction(function: &Function, options: &Options, diagnostics: &mut Diagnostics) {
    if let (Some(_), Some(blocking)) = (&options.transaction, &options.blocking) {
        let message = "a step with `transaction` waits for its database, and can't block its thread as well: leave out `blocking`";
        return diagnostics.error(blocking, message);
    }
    let mut transactions = function.params.iter().filter(|param| param.transaction.is_some());
    if options.transaction.is_some() && transactions.next().is_none() {
        let message = "a step with `transaction` takes the open transaction: add a parameter such as `tx: &mut Transaction<Postgres>`";
        return diagnostics.error(&function.ident, message);
    }
    for another in transactions {
        let message = "a step runs in one transaction: let the work of the other one be a step of its own";
        diagnostics.error(&another.ty, message);
    }
}

/// `#[retry]` or `#[compensate]` was met before `#[step]`: moves it below, where `#[step]` finds it.
pub(crate) fn helper(name: &str, options: TokenStream, item: TokenStream) -> TokenStream {
    let ident = format_ident!("{name}");
    let function = syn::parse2::<Item>(item.clone());
    if let Ok(mut function) = function
        && function.attrs.iter().any(|attr| is_named(attr, "step"))
    {
        let root = Root::find().unwrap_or_default();
        function.attrs.push(syn::parse_quote!(#[#root::#ident(#options)]));
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

pub(crate) fn is_named(attr: &Attribute, name: &str) -> bool {
    attr.path().segments.last().is_some_and(|segment| segment.ident == name)
}

/// Uses the names of the helper attributes where they were written, or rustc would call their imports unused, and an IDE
/// would not know them. Without an import they still mean ours: what a glob brings is taken only if nothing else has the
/// name.
///
/// ```text
/// use ::sagaflow::__private::helpers::*;
/// use retry as _;
/// ```
fn uses(function: &Function, helpers: &[Attribute]) -> TokenStream {
    let root = &function.root;
    let cfgs: Vec<_> = function.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect();
    let fallback = helpers.iter().any(|attr| attr.path().get_ident().is_some()).then(|| {
        quote! {
            #(#cfgs)*
            #[allow(unused_imports, clippy::wildcard_imports)]
            use #root::__private::helpers::*;
        }
    });
    let paths = helpers.iter().map(Attribute::path);
    let uses = paths.map(|path| quote!(#(#cfgs)* #[allow(unused_imports)] use #path as _;));
    quote!(#fallback #(#uses)*)
}

/// How many attempts are made of it.
fn limits(options: &Options) -> TokenStream {
    let most = options.concurrency.map(Literal::u32_unsuffixed).map(|most| quote!(step.at_most(#most);));
    let rate = options.rate.map(|(count, per)| {
        let per = duration::emit(per);
        quote!(step.rate(#count, #per);)
    });
    let shared = options.shared.is_some().then(|| quote!(step.share_limits();));
    quote!(#most #rate #shared)
}

/// The body of `Step::define`: dependencies, retry policy, compensation.
fn define(function: &Function, helpers: Vec<Attribute>, diagnostics: &mut Diagnostics) -> TokenStream {
    let needs = function.params.iter().filter_map(|param| {
        let (ty, name) = (param.inject.as_ref()?, unraw(&param.ident));
        Some(quote!(step.needs::<#ty>(#name);))
    });
    let mut lines = quote!(#(#needs)*);
    if let Some((param, _)) = function.transaction() {
        let name = unraw(&param.ident);
        lines.extend(quote!(step.transactional::<Self>(#name);));
    }
    let doc = first_paragraph(&function.attrs);
    if !doc.is_empty() {
        lines.extend(quote!(step.documented(#doc);));
    }
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

/// The first paragraph of a function's documentation, as one line.
fn first_paragraph(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter(|attr| attr.path().is_ident("doc")).filter_map(|attr| match &attr.meta {
        syn::Meta::NameValue(syn::MetaNameValue {
            value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }),
            ..
        }) => Some(text.value()),
        _ => None,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let lines = text.lines().map(str::trim).skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
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
///     async fn run(message: Self, injected: Injected) -> Result<User, UserError> {
///         async fn create_user_body(db: &Db, name: String) -> Result<User, UserError> { … }
///         create_user_body(injected.get(), message.name).await
///     }
/// }
/// ```
///
/// Where nothing is injected, the body is that of `run`.
///
/// A blocking step's body is an ordinary function, called by `__private::blocking(move || …).await`.
///
/// With `#[step(transaction)]`, `define` says `step.transactional::<Self>("tx")`, `run` is `in_transaction(message, injected).await`, and the body
/// stands in
///
/// ```text
/// impl TransactionalStep for create_user {
///     type Transaction = Transaction<Postgres>;
///     async fn run_in(message: Self, transaction: &mut Transaction<Postgres>, injected: Injected) -> Result<User, UserError> { … }
/// }
/// ```
fn emit(function: &Function, options: &Options, define: &TokenStream) -> TokenStream {
    let Function { ident, output, body, attrs, root, .. } = function;
    let body_name = format_ident!("__{}", unraw(ident), span = ident.span());
    let params = function.params.iter().map(|param| {
        let (ident, ty) = (&param.ident, &param.ty);
        let mutability = param.mutable.then(|| quote!(mut));
        quote!(#mutability #ident: #ty)
    });
    let values = function.params.iter().map(|param| {
        let ident = &param.ident;
        match param {
            _ if param.inject.is_some() => quote_spanned!(param.ty.span() => injected.get()),
            _ if param.transaction.is_some() => quote!(transaction),
            _ => quote!(message.#ident),
        }
    });
    let lints =
        attrs.iter().filter(|attr| ["allow", "expect", "warn", "deny"].iter().any(|name| attr.path().is_ident(name)));
    let cfgs: Vec<_> = attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect();
    let message = message::emit(function, options, "StepKind", false);
    let (asyncness, call) = match &options.blocking {
        None => (quote!(async), quote!(#body_name(#(#values),*).await)),
        Some(_) => {
            let call = quote!(move || #body_name(#(#values),*));
            (TokenStream::new(), quote!(#root::__private::blocking(#call).await))
        }
    };
    let lints: Vec<_> = lints.collect();
    let mut run = quote! {
        #(#lints)*
        #[allow(clippy::too_many_arguments)]
        #asyncness fn #body_name(#(#params),*) -> #output #body

        #call
    };
    let transactional = function.transaction().map(|(param, ty)| {
        let in_transaction =
            std::mem::replace(&mut run, quote!(#root::__private::in_transaction(message, injected).await));
        let root_there = root.at(param.ty.span());
        quote! {
            #(#cfgs)*
            impl #root_there::__private::TransactionalStep for #ident {
                type Transaction = #ty;

                #[allow(unused_variables)]
                async fn run_in(message: Self, transaction: &mut #ty, injected: #root::__private::Injected) -> #output {
                    #in_transaction
                }
            }
        }
    });
    let is_plain = options.blocking.is_none() && function.params.iter().all(function::Param::is_argument);
    let run = if is_plain {
        let message = function.message_pattern();
        quote! {
            #(#lints)*
            #[allow(non_shorthand_field_patterns)]
            async fn run(#message: Self, _: #root::__private::Injected) -> #output #body
        }
    } else {
        quote! {
            #[allow(unused_variables)]
            async fn run(message: Self, injected: #root::__private::Injected) -> #output {
                #run
            }
        }
    };
    let define = (!define.is_empty()).then(|| {
        quote! {
            #[allow(unused_variables, clippy::all, clippy::pedantic)]
            fn define(step: &mut #root::__private::StepDefinition) {
                #define
            }
        }
    });
    quote! {
        #message

        #(#cfgs)*
        impl #root::__private::Step for #ident {
            #define

            #run
        }

        #transactional
    }
}

/// For a signature with errors: the same items without substance, so that no second error follows.
fn emit_stub(function: &Function, options: &Options) -> TokenStream {
    let Function { ident, output, root, .. } = function;
    let unreachable = quote!(::core::unreachable!());
    let message = message::emit(function, options, "StepKind", true);
    quote! {
        #message

        impl #root::__private::Step for #ident {
            async fn run(_: Self, _: #root::__private::Injected) -> #output {
                #unreachable
            }
        }
    }
}
