//! Where generated code finds sagaflow.

use proc_macro_crate::{Error, FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Path, Token};

use crate::message::unraw;

/// The path of the crate `sagaflow`, as the annotated function can name it.
#[derive(Debug, Clone)]
pub(crate) enum Root {
    /// Under this name among the dependencies: `::sagaflow`, or `::flow` in a crate that has renamed it.
    Dependency(Ident),
    /// Where the user says, in `#[saga(crate = facade::sagaflow)]`; beside the function it gets a name, so that a path
    /// that leads nowhere is one error, and `$crate` keeps its meaning.
    Given { path: Path, alias: Ident },
}

impl Root {
    /// What the user has given for a function.
    pub(crate) fn given(path: &Path, function: &Ident) -> Self {
        Self::Given { path: path.clone(), alias: format_ident!("__sagaflow_of_{}", unraw(function)) }
    }

    /// What the manifest of the crate that is compiled says. None if that has no dependency on sagaflow: then it is had
    /// through another crate, and nothing says through which.
    pub(crate) fn find() -> Option<Self> {
        match crate_name("sagaflow") {
            Ok(FoundCrate::Name(name)) => Some(Self::Dependency(Ident::new(&name, Span::call_site()))),
            Err(Error::CrateNotFound { .. }) => None,
            // Sagaflow calls itself so; and so does everybody where there is no manifest.
            Ok(FoundCrate::Itself) | Err(_) => Some(Self::default()),
        }
    }

    /// The path at the place of one of the user's tokens: what is wrong with the item that it leads to is said there.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        match self {
            Self::Dependency(name) => {
                let name = Ident::new(&name.to_string(), span);
                quote_spanned!(span => ::#name)
            }
            Self::Given { alias, .. } => Ident::new(&alias.to_string(), span).into_token_stream(),
        }
    }

    /// The item that has to stand beside the function.
    pub(crate) fn import(&self) -> Option<TokenStream> {
        match self {
            Self::Dependency(_) => None,
            Self::Given { path, alias } => Some(quote!(#[allow(unused_imports)] use #path as #alias;)),
        }
    }
}

impl Default for Root {
    fn default() -> Self {
        Self::Dependency(Ident::new("sagaflow", Span::call_site()))
    }
}

impl ToTokens for Root {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Dependency(name) => {
                <Token![::]>::default().to_tokens(tokens);
                name.to_tokens(tokens);
            }
            Self::Given { alias, .. } => alias.to_tokens(tokens),
        }
    }
}
