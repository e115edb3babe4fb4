//! `#[signal]`: the type stays as it is, and is given its name.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Generics, Ident, Item, LitStr, parse2};

use crate::diagnostics::Diagnostics;
use crate::root::Root;

/// ```text
/// #[signal] struct Approved { by: String }    =>    struct Approved { by: String }  impl Signal for Approved { NAME = "Approved" }
/// ```
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let name = diagnostics.note(name(options)).flatten();
    let implementation = match parse2::<Item>(item.clone()) {
        Ok(Item::Struct(item)) => implement(&item.ident, &item.generics, name, &mut diagnostics),
        Ok(Item::Enum(item)) => implement(&item.ident, &item.generics, name, &mut diagnostics),
        Ok(other) => {
            diagnostics.error(other, "`#[signal]` goes before a struct or an enum");
            TokenStream::new()
        }
        Err(error) => {
            diagnostics.push(error);
            TokenStream::new()
        }
    };
    let errors = diagnostics.into_tokens();
    quote! { #item #implementation #errors }
}

fn implement(ident: &Ident, generics: &Generics, name: Option<LitStr>, diagnostics: &mut Diagnostics) -> TokenStream {
    if !generics.params.is_empty() {
        diagnostics.error(
            generics,
            format!("a signal can't be generic, since its name says what it is: write a type for each, such as `struct {ident}Of…(…);`"),
        );
        return TokenStream::new();
    }
    let name = name.map_or_else(|| ident.to_string().to_token_stream(), |name| name.to_token_stream());
    let root = Root::find().unwrap_or_default().at(ident.span());
    quote! {
        #[automatically_derived]
        impl #root::__private::Signal for #ident {
            const NAME: &'static str = #name;
        }
    }
}

/// The name that is given. It becomes a part of a subject.
fn name(options: TokenStream) -> syn::Result<Option<LitStr>> {
    let mut name = None;
    let parser = syn::meta::parser(|meta| {
        if !meta.path.is_ident("name") {
            return Err(meta.error("unknown option; `#[signal]` has the option `name`"));
        }
        if name.is_some() {
            return Err(meta.error("`name` is given twice"));
        }
        let given: LitStr = meta.value()?.parse()?;
        let text = given.value();
        let is_forbidden = |sign: char| !sign.is_ascii_graphic() || ".*>/\\".contains(sign);
        if text.is_empty() || text.len() > 128 || text.starts_with('$') || text.contains(is_forbidden) {
            return Err(syn::Error::new(
                given.span(),
                "a signal's name has 1 to 128 ASCII letters, digits and signs other than `.` `*` `>` `/` `\\`, and does not begin with `$`",
            ));
        }
        name = Some(given);
        Ok(())
    });
    syn::parse::Parser::parse2(parser, options)?;
    Ok(name)
}
