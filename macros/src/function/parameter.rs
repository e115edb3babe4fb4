//! One parameter: a plain name with an owned type, `#[inject] name: &Type`, or the transaction of a step, `name: &mut Type`.

use proc_macro2::Ident;
use quote::{ToTokens, format_ident};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Meta, Pat, PatType, Type};

use super::borrow::{self, Unowned, find_unowned};
use crate::diagnostics::Diagnostics;
use crate::evolution::Evolution;

/// One parameter.
pub(crate) struct Param {
    pub(crate) ident: Ident,
    pub(crate) mutable: bool,
    pub(crate) ty: Type,
    /// Not an argument, but a dependency of the worker: the type behind its `&`.
    pub(crate) inject: Option<Type>,
    /// How messages are read that older code has written.
    pub(crate) evolution: Evolution,
    /// Not an argument, but the transaction that the step runs in: the type behind its `&mut`.
    pub(crate) transaction: Option<Type>,
}

impl Param {
    /// Whether it travels in the message.
    pub(crate) fn is_argument(&self) -> bool {
        self.inject.is_none() && self.transaction.is_none()
    }
}

/// Checks a parameter. One with errors keeps its place, so that calls of the function make no further ones.
pub(super) fn param(
    attribute: &str,
    transactional: bool,
    index: usize,
    input: &FnArg,
    diagnostics: &mut Diagnostics,
) -> Option<Param> {
    let FnArg::Typed(param) = input else { return None };
    let inject = param.attrs.iter().find(|attr| attr.path().is_ident("inject"));
    let is_known = |attr: &Attribute| attr.path().is_ident("inject") || attr.path().is_ident(attribute);
    for attr in param.attrs.iter().filter(|attr| !is_known(attr)) {
        diagnostics.error(
            attr,
            "an argument of a message takes no attributes here: wrap it in a type of your own, and put them there",
        );
    }
    let (ident, mutable) = name(index, param, diagnostics);
    let inject = inject.map(|attr| dependency(attribute, attr, &param.ty, diagnostics));
    let transaction =
        (transactional && inject.is_none()).then(|| transaction(&ident, &param.ty, diagnostics)).flatten();
    if inject.is_none() && transaction.is_none() {
        argument(attribute, &ident, &param.ty, diagnostics);
    }
    let evolution = Evolution::read(attribute, &param.attrs, &["default", "alias"], diagnostics);
    if inject.is_some()
        && let Some(attr) = param.attrs.iter().find(|attr| attr.path().is_ident(attribute))
    {
        diagnostics.error(
            attr,
            "a dependency is in no message, so there is nothing to read from an older one: leave this out",
        );
    }
    Some(Param { ident, mutable, ty: (*param.ty).clone(), inject, transaction, evolution })
}

/// The type of a transaction, without its `&mut`: in a step that runs in one, what else could be borrowed so?
fn transaction(ident: &Ident, ty: &Type, diagnostics: &mut Diagnostics) -> Option<Type> {
    let Type::Reference(reference) = ty else { return None };
    reference.mutability?;
    let mut transaction = (*reference.elem).clone();
    if let Some(Unowned::Borrow(at) | Unowned::ImplTrait(at)) = find_unowned(&transaction) {
        diagnostics.error(
            at,
            format!("a step's transaction has a type without lifetimes: write `{ident}: &mut Transaction<Postgres>`, or another one of the crate that brings it"),
        );
        borrow::make_static(&mut transaction);
    }
    Some(transaction)
}

/// The name; made up for a pattern.
fn name(index: usize, param: &PatType, diagnostics: &mut Diagnostics) -> (Ident, bool) {
    match &*param.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => {
            (pat.ident.clone(), pat.mutability.is_some())
        }
        Pat::Wild(pat) => {
            diagnostics.error(
                pat,
                "an argument is a field of the message here, and needs a name: write `_unused`, or the like",
            );
            (format_ident!("argument_{index}", span = pat.span()), false)
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
        Some(Unowned::Rc(at, inside)) => syn::Error::new_spanned(
            at,
            format!(
                "the argument `{ident}` can't leave its thread, but arguments travel in a message: take {} instead of the `Rc`",
                owned_form(&inside)
            ),
        ),
        Some(Unowned::Object(at, name)) => syn::Error::new_spanned(
            at,
            format!(
                "the argument `{ident}` is a `dyn {name}`, which nobody can write down, but arguments travel in a message: take the data that it is made from"
            ),
        ),
        Some(Unowned::Pointer(at)) => syn::Error::new_spanned(
            at,
            format!(
                "the argument `{ident}` points into this process's memory, but arguments travel in a message: take the data itself"
            ),
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
