//! `#[compensate(call)]`: the step that undoes this one.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use crate::diagnostics::Diagnostics;
use crate::function::Function;

/// From `delete_user(output.id)`:
///
/// ```text
/// step.undone_by_output(|create_user { name }: create_user, output| delete_user(output.id));
/// ```
///
/// A call that does not mention `output` becomes `undone_by_arguments`: it is registered before the first attempt.
pub(super) fn emit(tokens: TokenStream, function: &Function, diagnostics: &mut Diagnostics) -> TokenStream {
    let Some(call) = diagnostics.note(syn::parse2::<Expr>(tokens.clone()).map_err(|error| {
        syn::Error::new(error.span(), "a compensation is one call of a step, such as `delete_user(output.id)`: what takes several is a step of its own")
    })) else {
        return TokenStream::new();
    };
    if !check_call(&call, diagnostics) {
        return TokenStream::new();
    }
    let output = find_ident(tokens, "output");
    let argument = function.params.iter().find(|param| param.ident == "output");
    if let (Some(output), Some(_)) = (&output, argument) {
        diagnostics.error(
            output,
            "`output` is what the step returns here, but also the name of an argument: rename the argument",
        );
        return TokenStream::new();
    }
    if let Some(param) = function
        .params
        .iter()
        .filter(|param| !param.is_argument())
        .find(|param| find_ident(quote!(#call), &param.ident.to_string()).is_some())
    {
        let used = find_ident(quote!(#call), &param.ident.to_string());
        diagnostics.error(used, match param.inject {
            Some(_) => format!("`{0}` is injected, and does not travel to the compensation: let the compensating step inject `{0}` itself", param.ident),
            None => format!("`{0}` is the transaction of this step, and is over when the compensation runs: let that be a `#[step(transaction)]` with one of its own", param.ident),
        });
        return TokenStream::new();
    }
    let ident = &function.ident;
    let fields: Vec<_> = function.arguments().map(|param| &param.ident).collect();
    let pattern = quote!(#ident { #(#fields),* }: #ident);
    match output {
        Some(output) => quote_spanned!(call.span() => step.undone_by_output(|#pattern, #output| #call);),
        None => quote_spanned!(call.span() => step.undone_by_arguments(|#pattern| #call);),
    }
}

/// A name alone, or an awaited call, is no call.
fn check_call(call: &Expr, diagnostics: &mut Diagnostics) -> bool {
    let text = |tokens: TokenStream| tokens.to_string().replace(" :: ", "::").replace(" (", "(").replace(" . ", ".");
    match call {
        Expr::Path(path) => {
            let name = text(quote!(#path));
            diagnostics
                .error(path, format!("a compensation is a call of a step: write `{name}(…)`, with its arguments"));
        }
        Expr::Await(inner) => {
            let base = &inner.base;
            let message = format!(
                "a compensation is not awaited here, but run when it is needed: write `{}`",
                text(quote!(#base))
            );
            diagnostics.error(inner.await_token, message);
        }
        Expr::Lit(_) | Expr::Closure(_) | Expr::Async(_) | Expr::Assign(_) | Expr::Tuple(_) | Expr::Block(_) => {
            diagnostics.error(call, "a compensation is one call of a step, such as `delete_user(output.id)`");
        }
        _ => return true,
    }
    false
}

/// The first identifier of a name in the tokens, at any depth, that is no field or method.
pub(super) fn find_ident(tokens: TokenStream, name: &str) -> Option<Ident> {
    let mut after_dot = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if ident == name && !after_dot => return Some(ident),
            TokenTree::Group(group) => {
                if let Some(found) = find_ident(group.stream(), name) {
                    return Some(found);
                }
                after_dot = false;
            }
            TokenTree::Punct(punct) => after_dot = punct.as_char() == '.',
            _ => after_dot = false,
        }
    }
    None
}
