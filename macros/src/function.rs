//! The annotated function, taken apart and checked: what steps and sagas have in common.

use proc_macro2::{Ident, TokenStream};
use syn::visit::Visit;
use syn::{
    Attribute, Block, FnArg, ItemFn, Lifetime, Pat, ReturnType, Safety, Signature, Type, Visibility, parse_quote,
};

use crate::diagnostics::Diagnostics;

/// An annotated function.
pub(crate) struct Function {
    /// The attributes that are left on the constructor: documentation, `cfg`, lints.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) params: Vec<Param>,
    pub(crate) output: Type,
    pub(crate) body: Block,
}

/// One parameter.
pub(crate) struct Param {
    pub(crate) ident: Ident,
    pub(crate) mutable: bool,
    pub(crate) ty: Type,
    /// Not an argument, but a dependency of the worker: the type behind its `&`.
    pub(crate) inject: Option<Type>,
}

/// Parses an item as a function; says what the attribute is for if it is something else.
pub(crate) fn parse(attribute: &str, item: TokenStream) -> Result<ItemFn, syn::Error> {
    syn::parse2::<ItemFn>(item.clone()).map_err(|error| {
        if syn::parse2::<syn::Item>(item.clone()).is_ok() {
            syn::Error::new_spanned(item, format!("`#[{attribute}]` goes on an async function"))
        } else {
            error
        }
    })
}

impl Function {
    /// Takes a function apart. What is wrong with its signature goes to the diagnostics.
    pub(crate) fn new(attribute: &str, item: ItemFn, diagnostics: &mut Diagnostics) -> Self {
        let ItemFn { attrs, vis, sig, block, .. } = item;
        check_signature(attribute, &sig, diagnostics);
        let params = sig.inputs.iter().filter_map(|input| param(attribute, input, diagnostics)).collect();
        let output = match sig.output {
            ReturnType::Default => parse_quote!(()),
            ReturnType::Type(_, ty) => *ty,
        };
        if let Some(borrow) = find_borrow(&output) {
            diagnostics.error(
                borrow,
                format!("a {attribute} can't return a borrow: its result travels in a message; return an owned value"),
            );
        }
        Self { attrs, vis, ident: sig.ident, params, output, body: *block }
    }

    /// The parameters that travel in the message.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|param| param.inject.is_none())
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

/// `async`, no generics, not `unsafe`, not `extern`, not variadic.
fn check_signature(attribute: &str, sig: &Signature, diagnostics: &mut Diagnostics) {
    if sig.asyncness.is_none() {
        diagnostics.error(sig.fn_token, format!("a {attribute} is an async function: write `async fn {}`", sig.ident));
    }
    if !sig.generics.params.is_empty() {
        diagnostics.error(
            &sig.generics,
            format!("a {attribute} can't be generic: its messages need one concrete form; write one function per type"),
        );
    }
    if let Some(clause) = &sig.generics.where_clause {
        diagnostics.error(clause, format!("a {attribute} can't have a `where` clause: it is not generic"));
    }
    if let Some(constness) = &sig.constness {
        diagnostics.error(constness, format!("a {attribute} can't be `const`"));
    }
    if !matches!(sig.safety, Safety::Default) {
        diagnostics.error(&sig.safety, format!("a {attribute} can't be `unsafe`: a worker calls it"));
    }
    if let Some(abi) = &sig.abi {
        diagnostics.error(abi, format!("a {attribute} can't be `extern`"));
    }
}

/// One parameter: a plain name, with an owned type, or `#[inject] name: &Type`.
fn param(attribute: &str, input: &FnArg, diagnostics: &mut Diagnostics) -> Option<Param> {
    let FnArg::Typed(param) = input else {
        diagnostics.error(
            input,
            format!("a {attribute} is a free function: take what it needs as arguments{}", inject_hint(attribute)),
        );
        return None;
    };
    let inject = param.attrs.iter().any(|attr| attr.path().is_ident("inject"));
    for attr in param.attrs.iter().filter(|attr| !attr.path().is_ident("inject")) {
        diagnostics.error(attr, "this attribute has no meaning on an argument that travels in a message");
    }
    let Pat::Ident(pat) = &*param.pat else {
        diagnostics.error(
            &param.pat,
            "an argument has a plain name here, as it is a field of the message: take it apart in the body",
        );
        return None;
    };
    if pat.by_ref.is_some() || pat.subpat.is_some() {
        diagnostics.error(
            pat,
            "an argument has a plain name here, as it is a field of the message: take it apart in the body",
        );
        return None;
    }
    let inject = if !inject {
        if let Some(borrow) = find_borrow(&param.ty) {
            let owned = match &*param.ty {
                Type::Reference(reference) => owned_form(&reference.elem),
                _ => "an owned type".to_owned(),
            };
            let hint = inject_hint(attribute);
            diagnostics.error(
                borrow,
                format!("the argument `{}` borrows, but arguments travel in a message: take {owned}{hint}", pat.ident),
            );
        }
        None
    } else if attribute == "saga" {
        diagnostics.error(&param.ty, "a saga has no dependencies: inject into the steps that it calls");
        None
    } else if let Type::Reference(reference) = &*param.ty
        && reference.mutability.is_none()
    {
        Some((*reference.elem).clone())
    } else {
        let ty = &param.ty;
        diagnostics.error(
            ty,
            format!(
                "an injected dependency is shared by all steps of a worker: write `&{}`",
                quote::quote!(#ty).to_string().trim_start_matches("& mut ")
            ),
        );
        None
    };
    Some(Param { ident: pat.ident.clone(), mutable: pat.mutability.is_some(), ty: (*param.ty).clone(), inject })
}

fn inject_hint(attribute: &str) -> &'static str {
    if attribute == "step" { ", or mark a dependency of the worker with `#[inject]`" } else { "" }
}

fn owned_form(ty: &Type) -> String {
    match quote::quote!(#ty).to_string().as_str() {
        "str" => "`String`".to_owned(),
        other if other.starts_with('[') => "a `Vec`".to_owned(),
        other => format!("`{other}`"),
    }
}

/// The first borrow in a type: a reference, or a lifetime other than `'static` (of a path such as `Cow<'a, str>`).
fn find_borrow(ty: &Type) -> Option<TokenStream> {
    struct Find(Option<TokenStream>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
            self.0.get_or_insert_with(|| quote::quote!(#reference));
        }

        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            if lifetime.ident != "static" {
                self.0.get_or_insert_with(|| quote::quote!(#lifetime));
            }
        }

        fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}
    }
    let mut find = Find(None);
    find.visit_type(ty);
    find.0
}
