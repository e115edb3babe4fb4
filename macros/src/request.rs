//! `#[request]`: as `#[signal]`, with what it is answered with.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Generics, Ident, Item, LitStr, Path, Type, parse2};

use crate::diagnostics::{Diagnostics, unknown};
use crate::message::unraw;
use crate::root::Root;
use crate::step::is_named;

/// The longest name: it becomes a part of a subject, beside the key of the request.
const LONGEST: usize = 64;

/// ```text
/// #[request(reply = u64)] struct Add { … }    =>    struct Add { … }  impl Request for Add { NAME = "Add", Reply = u64 }
/// ```
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let options = Options::parse(options, &mut diagnostics);
    let implementation = match parse2::<Item>(item.clone()) {
        Ok(Item::Struct(item)) => implement(&item.ident, &item.generics, &item.attrs, options, &mut diagnostics),
        Ok(Item::Enum(item)) => implement(&item.ident, &item.generics, &item.attrs, options, &mut diagnostics),
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
    attrs: &[Attribute],
    options: Options,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    if !generics.params.is_empty() {
        diagnostics.error(
            generics,
            format!("a request can't be generic, since its name says what it is: write a type for each, such as `struct {ident}Of…(…);`"),
        );
        return TokenStream::new();
    }
    if let Some(again) = attrs.iter().find(|attr| is_named(attr, "request")) {
        // The other one implements it.
        diagnostics.error(again, "`#[request]` is given twice: keep one");
        return TokenStream::new();
    }
    if options.reply.is_none() && options.is_read {
        diagnostics.error(ident, format!("`{ident}` doesn't say what it is answered with: write `#[request(reply = Result<u64, String>)]`, or `reply = ()` for a mere \"done\""));
    }
    let name = match options.name {
        Some(name) => name.to_token_stream(),
        None => {
            let name = unraw(ident);
            if name.len() > LONGEST {
                diagnostics.error(ident, format!("the name of this request is too long for a message: give it one of at most {LONGEST} signs, `#[request(name = \"…\")]`"));
            }
            name.to_token_stream()
        }
    };
    let reply = options.reply.map_or_else(|| quote! { () }, ToTokens::into_token_stream);
    let root = options.path.map_or_else(|| Root::find().unwrap_or_default(), |path| Root::given(&path, ident));
    let cfgs: Vec<_> = attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect();
    let (import, root) = (root.import().map(|import| quote!(#(#cfgs)* #import)), root.at(ident.span()));
    quote! {
        #import

        #(#cfgs)*
        #[automatically_derived]
        impl #root::__private::Request for #ident {
            const NAME: &'static ::core::primitive::str = #name;
            type Reply = #reply;
        }
    }
}

/// What is said in the parentheses.
#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    reply: Option<Type>,
    /// Where sagaflow is.
    path: Option<Path>,
    /// All options were understood: what isn't there was not given.
    is_read: bool,
}

impl Options {
    fn parse(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut options = Self::default();
        let parser = syn::meta::parser(|meta| options.set(&meta));
        let is_read = diagnostics.note(syn::parse::Parser::parse2(parser, tokens)).is_some();
        Self { is_read, ..options }
    }

    fn set(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let option = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match option.as_str() {
            "name" if self.name.is_some() => Err(meta.error("`name` is given twice: keep one")),
            "reply" if self.reply.is_some() => Err(meta.error("`reply` is given twice: keep one")),
            "crate" if self.path.is_some() => Err(meta.error("`crate` is given twice: keep one")),
            "name" => {
                let name: LitStr = meta.value()?.parse()?;
                check_name(&name)?;
                self.name = Some(name);
                Ok(())
            }
            "reply" => {
                self.reply = Some(meta.value()?.parse()?);
                Ok(())
            }
            "crate" => {
                self.path = Some(meta.value()?.call(Path::parse_mod_style)?);
                Ok(())
            }
            other => Err(meta.error(unknown("option", other, &["reply", "name", "crate"]))),
        }
    }
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
