//! `#[request]`: as `#[signal]`, with what it is answered with.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Generics, Ident, Item, LitStr, Type, parse2};

use crate::diagnostics::{Diagnostics, unknown};
use crate::message::unraw;
use crate::root::Root;

/// The longest name: it becomes a part of a subject, beside the key of the request.
const LONGEST: usize = 64;

/// What is said in the parentheses.
#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    reply: Option<Type>,
}

/// ```text
/// #[request(reply = u64)] struct Add { … }    =>    struct Add { … }  impl Request for Add { NAME = "Add", Reply = u64 }
/// ```
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let options = diagnostics.note(parse(options));
    let implementation = match parse2::<Item>(item.clone()) {
        Ok(Item::Struct(item)) => implement(&item.ident, &item.generics, options, &mut diagnostics),
        Ok(Item::Enum(item)) => implement(&item.ident, &item.generics, options, &mut diagnostics),
        _ => {
            diagnostics.error_at(Span::call_site(), "`#[request]` goes on a struct or an enum");
            TokenStream::new()
        }
    };
    let errors = diagnostics.into_tokens();
    quote! { #item #implementation #errors }
}

fn implement(
    ident: &Ident,
    generics: &Generics,
    options: Option<Options>,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    if !generics.params.is_empty() {
        diagnostics.error(
            generics,
            format!("a request can't be generic, since its name says what it is: write a type for each, such as `struct {ident}Of…(…);`"),
        );
        return TokenStream::new();
    }
    let is_read = options.is_some();
    let Options { name, reply } = options.unwrap_or_default();
    if reply.is_none() && is_read {
        diagnostics.error(ident, format!("what is `{ident}` answered with? `#[request(reply = Result<u64, String>)]`, or `reply = ()` for a mere \"done\""));
    }
    let name = match name {
        Some(name) => name.to_token_stream(),
        None => {
            let name = unraw(ident);
            if name.len() > LONGEST {
                diagnostics.error(ident, format!("the name of this request is too long for a message: give it one of at most {LONGEST} signs, `#[request(name = \"…\")]`"));
            }
            name.to_token_stream()
        }
    };
    let reply = reply.map_or_else(|| quote! { () }, ToTokens::into_token_stream);
    let root = Root::find().unwrap_or_default();
    let (import, root) = (root.import(), root.at(ident.span()));
    quote! {
        #import

        #[automatically_derived]
        impl #root::__private::Request for #ident {
            const NAME: &'static ::core::primitive::str = #name;
            type Reply = #reply;
        }
    }
}

fn parse(options: TokenStream) -> syn::Result<Options> {
    let mut parsed = Options::default();
    let parser = syn::meta::parser(|meta| {
        let option = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match option.as_str() {
            "name" if parsed.name.is_some() => Err(meta.error("`name` is given twice: keep one")),
            "reply" if parsed.reply.is_some() => Err(meta.error("`reply` is given twice: keep one")),
            "name" => {
                let name: LitStr = meta.value()?.parse()?;
                check_name(&name)?;
                parsed.name = Some(name);
                Ok(())
            }
            "reply" => {
                parsed.reply = Some(meta.value()?.parse()?);
                Ok(())
            }
            other => Err(meta.error(unknown("option", other, &["reply", "name"]))),
        }
    });
    syn::parse::Parser::parse2(parser, options)?;
    Ok(parsed)
}

fn check_name(name: &LitStr) -> syn::Result<()> {
    let text = name.value();
    let is_forbidden = |sign: char| !sign.is_ascii_graphic() || ".*>/\\".contains(sign);
    if text.is_empty() || text.len() > LONGEST || text.starts_with('$') || text.contains(is_forbidden) {
        let message = format!(
            "a request's name has 1 to {LONGEST} ASCII letters, digits and signs other than `.` `*` `>` `/` `\\`, and does not begin with `$`"
        );
        return Err(syn::Error::new(name.span(), message));
    }
    Ok(())
}
