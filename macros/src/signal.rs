//! `#[signal]`: the type stays as it is, and is given its name.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Generics, Ident, Item, LitStr, Path, parse2};

use crate::diagnostics::{Diagnostics, unknown};
use crate::message::unraw;
use crate::root::Root;
use crate::step::is_named;

/// ```text
/// #[signal] struct Approved { by: String }    =>    struct Approved { by: String }  impl Signal for Approved { NAME = "Approved" }
/// ```
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let options = Options::parse(options, &mut diagnostics);
    let implementation = match parse2::<Item>(item.clone()) {
        Ok(Item::Struct(item)) => implement(&item.ident, &item.generics, &item.attrs, options, &mut diagnostics),
        Ok(Item::Enum(item)) => implement(&item.ident, &item.generics, &item.attrs, options, &mut diagnostics),
        _ => {
            diagnostics.error_at(Span::call_site(), "`#[signal]` goes on a struct or an enum");
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
            format!("a signal can't be generic, since its name says what it is: write a type for each, such as `struct {ident}Of…(…);`"),
        );
        return TokenStream::new();
    }
    if let Some(again) = attrs.iter().find(|attr| is_named(attr, "signal")) {
        // The other one implements it.
        diagnostics.error(again, "`#[signal]` is given twice: keep one");
        return TokenStream::new();
    }
    let name = options.name.map_or_else(|| unraw(ident), |name| name.value());
    let root = options.path.map_or_else(|| Root::find().unwrap_or_default(), |path| Root::given(&path, ident));
    let cfgs: Vec<_> = attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect();
    let (import, root) = (root.import().map(|import| quote!(#(#cfgs)* #import)), root.at(ident.span()));
    quote! {
        #import

        #(#cfgs)*
        #[automatically_derived]
        impl #root::__private::Signal for #ident {
            const NAME: &'static ::core::primitive::str = #name;
        }
    }
}

/// What is said in the parentheses.
#[derive(Default)]
struct Options {
    /// The name that is given. It becomes a part of a subject.
    name: Option<LitStr>,
    /// Where sagaflow is.
    path: Option<Path>,
}

impl Options {
    fn parse(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut options = Self::default();
        let parser = syn::meta::parser(|meta| options.set(&meta));
        diagnostics.note(syn::parse::Parser::parse2(parser, tokens));
        options
    }

    fn set(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let option = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match option.as_str() {
            "name" if self.name.is_some() => Err(meta.error("`name` is given twice: keep one")),
            "name" => {
                let name: LitStr = meta.value()?.parse()?;
                check_name(&name)?;
                self.name = Some(name);
                Ok(())
            }
            "crate" if self.path.is_some() => Err(meta.error("`crate` is given twice: keep one")),
            "crate" => {
                self.path = Some(meta.value()?.call(Path::parse_mod_style)?);
                Ok(())
            }
            other => Err(meta.error(unknown("option", other, &["name", "crate"]))),
        }
    }
}

fn check_name(name: &LitStr) -> syn::Result<()> {
    let text = name.value();
    let is_forbidden = |sign: char| !sign.is_ascii_graphic() || ".*>/\\".contains(sign);
    if text.is_empty() || text.len() > 128 || text.starts_with('$') || text.contains(is_forbidden) {
        let message = "a signal's name has 1 to 128 ASCII letters, digits and signs other than `.` `*` `>` `/` `\\`, and does not begin with `$`";
        return Err(syn::Error::new(name.span(), message));
    }
    Ok(())
}
