//! One parameter: a plain name with an owned type, or `#[inject] name: &Type`.

use proc_macro2::Ident;
use quote::{ToTokens, format_ident};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Meta, Pat, PatType, Type};

use super::borrow::{Unowned, find_unowned};
use crate::diagnostics::Diagnostics;

/// One parameter.
pub(crate) struct Param {
    pub(crate) ident: Ident,
    pub(crate) mutable: bool,
    pub(crate) ty: Type,
    /// Not an argument, but a dependency of the worker: the type behind its `&`.
    pub(crate) inject: Option<Type>,
}

/// Checks a parameter. One with errors keeps its place, so that calls of the function make no further ones.
pub(super) fn param(attribute: &str, index: usize, input: &FnArg, diagnostics: &mut Diagnostics) -> Option<Param> {
    let FnArg::Typed(param) = input else { return None };
    let inject = param.attrs.iter().find(|attr| attr.path().is_ident("inject"));
    for attr in param.attrs.iter().filter(|attr| !attr.path().is_ident("inject")) {
        diagnostics.error(
            attr,
            "an argument of a message takes no attributes here: wrap it in a type of your own, and put them there",
        );
    }
    let (ident, mutable) = name(index, param, diagnostics);
    let inject = inject.map(|attr| dependency(attribute, attr, &param.ty, diagnostics));
    if inject.is_none() {
        argument(attribute, &ident, &param.ty, diagnostics);
    }
    Some(Param { ident, mutable, ty: (*param.ty).clone(), inject })
}

/// The name; made up for a pattern.
fn name(index: usize, param: &PatType, diagnostics: &mut Diagnostics) -> (Ident, bool) {
    match &*param.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => {
            (pat.ident.clone(), pat.mutability.is_some())
        }
        pat => {
            diagnostics.error(
                pat,
                "an argument is a field of the message here, and needs a plain name: take it apart in the body, with `let`",
            );
            (format_ident!("argument_{index}", span = pat.span()), false)
        }
    }
}

/// What travels has an owned, concrete type.
fn argument(attribute: &str, ident: &Ident, ty: &Type, diagnostics: &mut Diagnostics) {
    let error = match find_unowned(ty) {
        None => return,
        Some(Unowned::Borrow(at)) => {
            let owned = match ty {
                Type::Reference(reference) => owned_form(&reference.elem),
                _ => "an owned type".to_owned(),
            };
            let hint = if attribute == "step" { ", or mark a dependency of the worker with `#[inject]`" } else { "" };
            syn::Error::new_spanned(
                at,
                format!("the argument `{ident}` borrows, but arguments travel in a message: take {owned}{hint}"),
            )
        }
        Some(Unowned::ImplTrait(at)) => syn::Error::new_spanned(
            at,
            format!("the argument `{ident}` needs a concrete type, as arguments travel in a message: name the type"),
        ),
    };
    diagnostics.push(error);
}

/// The type of a dependency, without its `&`.
fn dependency(attribute: &str, attr: &Attribute, ty: &Type, diagnostics: &mut Diagnostics) -> Type {
    if !matches!(attr.meta, Meta::Path(_)) {
        diagnostics.error(attr, "`#[inject]` has no options: a dependency is found by its type");
    }
    if attribute == "saga" {
        diagnostics.error(attr, "a saga has no dependencies: inject into the steps that it calls");
        return ty.clone();
    }
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => (*reference.elem).clone(),
        Type::Reference(reference) => {
            let shared = &reference.elem;
            diagnostics.error(
                ty,
                format!("an injected dependency is shared by all steps of a worker: write `&{}`", text(shared)),
            );
            (**shared).clone()
        }
        _ => {
            diagnostics
                .error(ty, format!("an injected dependency is shared by all steps of a worker: write `&{}`", text(ty)));
            ty.clone()
        }
    }
}

fn owned_form(ty: &Type) -> String {
    match ty {
        Type::Path(path) if path.path.is_ident("str") => "`String`".to_owned(),
        Type::Slice(slice) => format!("`Vec<{}>`", text(&slice.elem)),
        other => format!("`{}`", text(other)),
    }
}

/// A type as one would write it.
fn text(ty: &Type) -> String {
    let spaced = ty.to_token_stream().to_string();
    [(" :: ", "::"), (":: ", "::"), (" < ", "<"), (" >", ">"), ("& ", "&"), (" ,", ",")]
        .iter()
        .fold(spaced, |text, (from, to)| text.replace(from, to))
}
