//! The annotated function, taken apart and checked: what steps and sagas have in common.

mod borrow;
mod parameter;
mod parse;
mod surroundings;

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::visit::Visit;
use syn::{Attribute, Block, FnArg, Generics, Path, ReturnType, Safety, Signature, Type, Visibility, parse_quote};

use crate::diagnostics::Diagnostics;
use crate::root::Root;
use borrow::{Unowned, find_unowned};
pub(crate) use parameter::Param;
pub(crate) use parse::{Item, alone, parse, with_error_in_body, without_sagaflow};

/// An annotated function.
pub(crate) struct Function {
    /// The attributes that are left on the constructor: documentation, `cfg`, lints.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    /// None, but for a function with errors: so that its types stay known.
    pub(crate) generics: Generics,
    pub(crate) params: Vec<Param>,
    pub(crate) output: Type,
    pub(crate) body: Body,
    pub(crate) root: Root,
}

/// The body, with its braces.
pub(crate) struct Body {
    pub(crate) tokens: TokenStream,
    /// That of the braces.
    pub(crate) span: Span,
    /// The attributes at its beginning (`#![allow(…)]`), as they would stand on the function.
    pub(crate) attrs: Vec<Attribute>,
    /// The rest. None if it doesn't parse: rustc says so itself.
    pub(crate) block: Option<Block>,
}

impl ToTokens for Body {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

impl Function {
    /// Takes a function apart. What is wrong with its signature goes to the diagnostics.
    ///
    /// One that is `blocking` is an ordinary function, any other is async; one with `transaction` takes a transaction.
    pub(crate) fn new(
        attribute: &str,
        item: Item,
        (blocking, transaction): (Option<&Path>, Option<&Path>),
        root: Root,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let Item { attrs, vis, sig, body } = item;
        check_async(attribute, &sig, blocking, diagnostics);
        check_signature(attribute, &sig, diagnostics);
        let mut params: Vec<Param> = sig
            .inputs
            .iter()
            .enumerate()
            .filter_map(|(index, input)| parameter::param(attribute, transaction.is_some(), index, input, diagnostics))
            .collect();
        check_names(&mut params, diagnostics);
        let output = output(attribute, &sig, &root, diagnostics);
        if diagnostics.is_empty() && sig.generics.lifetimes().next().is_some() {
            diagnostics.error(&sig.generics, format!("a {attribute} has no lifetimes, as all its arguments are owned"));
        }
        Self { attrs, vis, ident: sig.ident, generics: sig.generics, params, output, body, root }
    }

    /// The transaction that the step runs in.
    pub(crate) fn transaction(&self) -> Option<(&Param, &Type)> {
        self.params.iter().find_map(|param| param.transaction.as_ref().map(|ty| (param, ty)))
    }

    /// The parameters that travel in the message.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|param| param.is_argument())
    }

    /// Takes the message apart into its arguments: `create_user { name: name }`.
    pub(crate) fn message_pattern(&self) -> TokenStream {
        let Self { ident, .. } = self;
        let fields = self.arguments().map(|param| {
            let (name, mutability) = (&param.ident, param.mutable.then(|| quote!(mut)));
            quote!(#name: #mutability #name)
        });
        quote!(#ident { #(#fields),* })
    }

    /// Whether the return type is a `Result`, by its name.
    pub(crate) fn is_fallible(&self) -> bool {
        let mut ty = &self.output;
        while let Type::Paren(syn::TypeParen { elem, .. }) | Type::Group(syn::TypeGroup { elem, .. }) = ty {
            ty = elem;
        }
        matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Result"))
    }
}

/// `async` and not blocking, or blocking and not `async`.
fn check_async(attribute: &str, sig: &Signature, blocking: Option<&Path>, diagnostics: &mut Diagnostics) {
    let name = &sig.ident;
    match (&sig.asyncness, blocking) {
        (Some(_), None) | (None, Some(_)) => {}
        (None, None) if attribute == "step" => diagnostics.error(
            sig.fn_token,
            format!(
                "a step is an async function: write `async fn {name}`, or `#[step(blocking)]` if it blocks its thread"
            ),
        ),
        (None, None) => {
            diagnostics.error(sig.fn_token, format!("a {attribute} is an async function: write `async fn {name}`"));
        }
        (Some(asyncness), Some(_)) => diagnostics.error(
            asyncness,
            format!("a blocking step is no async function: write `fn {name}`, or leave `blocking` out"),
        ),
    }
}

/// No `self`, no generics, not `unsafe`, not `extern`, not variadic.
fn check_signature(attribute: &str, sig: &Signature, diagnostics: &mut Diagnostics) {
    if sig.generics.type_params().next().is_some() || sig.generics.const_params().next().is_some() {
        diagnostics.error(
            &sig.generics,
            format!(
                "a {attribute} can't be generic, as its messages need one concrete form: write one function per type"
            ),
        );
    } else if let Some(clause) = &sig.generics.where_clause {
        let at = if clause.predicates.is_empty() { clause.where_token.to_token_stream() } else { quote!(#clause) };
        diagnostics.error(at, format!("a {attribute} can't have a `where` clause, as it is not generic: leave it out"));
    }
    if let Some(constness) = &sig.constness {
        diagnostics.error(constness, format!("a {attribute} can't be `const`, as a worker runs it: leave `const` out"));
    }
    if !matches!(sig.safety, Safety::Default) {
        diagnostics.error(
            &sig.safety,
            format!("a {attribute} can't be `unsafe`, as a worker calls it: put an `unsafe` block into its body"),
        );
    }
    if let Some(abi) = &sig.abi {
        diagnostics.error(abi, format!("a {attribute} can't be `extern`, as a worker calls it: leave `extern` out"));
    }
    if let Some(variadic) = &sig.variadic {
        diagnostics.error(variadic, format!("a {attribute} has a fixed number of arguments: take a `Vec`"));
    }
}

/// No two parameters of one name: they would be fields of one struct, and rustc would say so for each use of it.
fn check_names(params: &mut [Param], diagnostics: &mut Diagnostics) {
    let mut seen = HashSet::new();
    for (index, param) in params.iter_mut().enumerate() {
        if !seen.insert(param.ident.to_string()) {
            diagnostics.error(&param.ident, format!("there are two arguments `{}`: rename one", param.ident));
            param.ident = format_ident!("argument_{index}", span = param.ident.span());
        }
    }
}

/// The return type. One with errors is turned into what callers would get, as far as possible, so that they make no
/// further ones.
fn output(attribute: &str, sig: &Signature, root: &Root, diagnostics: &mut Diagnostics) -> Type {
    let mut output = match &sig.output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    match find_unowned(&output) {
        None if sig.generics.type_params().any(|param| mentions(&output, &param.ident)) => parse_quote!(()),
        None => output,
        Some(Unowned::Borrow(at)) => {
            let message = "can't return a borrow, as its result travels in a message: return an owned value";
            diagnostics.error(at, format!("a {attribute} {message}"));
            borrow::make_static(&mut output);
            output
        }
        Some(Unowned::Rc(at, _) | Unowned::Pointer(at)) => {
            let message =
                "can't return what never leaves its thread, as its result travels in a message: return the data itself";
            diagnostics.error(at, format!("a {attribute} {message}"));
            parse_quote!(())
        }
        Some(Unowned::Object(at, name)) => {
            let (instead, known): (_, Type) = match name == "Error" {
                true => (
                    "return `Result<_, sagaflow::Failure>`, which every error turns into by `?`, or an error type of your own",
                    parse_quote!(#root::Failure),
                ),
                false => ("return the data that it is made from", parse_quote!(())),
            };
            let message = format!(
                "a {attribute} can't return a `dyn {name}`, as its result travels in a message and nobody can write that down: {instead}"
            );
            diagnostics.error(at, message);
            borrow::replace_objects(&mut output, &known);
            output
        }
        Some(Unowned::ImplTrait(at)) => {
            let message = "returns a concrete type, as its result travels in a message: name the type";
            diagnostics.error(at, format!("a {attribute} {message}"));
            parse_quote!(())
        }
    }
}

/// Whether a type names a type parameter.
fn mentions(ty: &Type, param: &Ident) -> bool {
    struct Find<'a>(&'a Ident, bool);
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            self.1 |= ident == self.0;
        }
    }
    let mut find = Find(param, false);
    find.visit_type(ty);
    find.1
}

/// Whether a function is a method.
pub(crate) fn receiver(sig: &Signature) -> Option<&FnArg> {
    sig.inputs.first().filter(|input| matches!(input, FnArg::Receiver(_)))
}
