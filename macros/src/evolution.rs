//! What keeps the records of older code readable, said at one variable, argument or await:
//!
//! ```text
//! #[saga(default)] let coupon = find_coupon(&order);      older records have no `coupon`
//! #[saga(alias = "sum")] let mut total = 0;               older records call it `sum`
//! #[saga(state = "reserve#2")] reserve(item).await?;      the state that it had before the code around it changed
//! ```

#[cfg(test)]
mod tests;

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, ExprAwait, ExprBlock, ExprCall, ExprField, ExprForLoop, ExprIf, ExprIndex, ExprLit, ExprLoop,
    ExprMatch, ExprMethodCall, ExprParen, ExprPath, ExprReturn, ExprTry, ExprWhile, Item, Lit, LitStr, Meta,
    MetaNameValue, Stmt, Token, parse_quote_spanned,
};

use crate::diagnostics::{Diagnostics, unknown};
use crate::options::names;

/// What is said of one variable, argument or await.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evolution {
    /// Its value where a record has none.
    pub(crate) default: Option<Expr>,
    /// Its names in older records.
    pub(crate) alias: Vec<String>,
    /// The name of the state.
    pub(crate) state: Option<LitStr>,
}

/// `default`, or `default = 7`.
enum Said {
    Word(syn::Path),
    Pair(MetaNameValue),
}

impl Parse for Said {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek2(Token![=]) { input.parse().map(Self::Pair) } else { input.parse().map(Self::Word) }
    }
}

impl Evolution {
    /// Reads the attributes of this name, of which only some `options` make sense here.
    pub(crate) fn read<'a>(
        attribute: &str,
        attrs: impl IntoIterator<Item = &'a Attribute>,
        options: &[&str],
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut evolution = Self::default();
        for attr in attrs.into_iter().filter(|attr| attr.path().is_ident(attribute)) {
            let Meta::List(list) = &attr.meta else {
                diagnostics.error(attr, format!("`#[{attribute}(…)]` says something here, such as {}", usage(options)));
                continue;
            };
            let said = list.parse_args_with(Punctuated::<Said, Token![,]>::parse_terminated);
            let said = said.map_err(|error| {
                syn::Error::new(error.span(), format!("`#[{attribute}(…)]` takes {} here", usage(options)))
            });
            for said in diagnostics.note(said).into_iter().flatten() {
                evolution.set(said, options, diagnostics);
            }
        }
        evolution
    }

    fn set(&mut self, said: Said, options: &[&str], diagnostics: &mut Diagnostics) {
        let (path, value) = match said {
            Said::Word(path) => (path, None),
            Said::Pair(pair) => (pair.path, Some(pair.value)),
        };
        let found = quote::quote!(#path).to_string().replace(' ', "");
        let twice = |diagnostics: &mut Diagnostics| {
            diagnostics.error(&path, format!("`{found}` is given twice: keep one"));
        };
        match (found.as_str(), value) {
            (other, _) if !options.contains(&other) => diagnostics.error(&path, unknown("option", other, options)),
            ("default", _) if self.default.is_some() => twice(diagnostics),
            ("default", Some(value)) => self.default = Some(value),
            ("default", None) => {
                self.default = Some(parse_quote_spanned!(path.span() => ::core::default::Default::default()));
            }
            ("alias", _) if !self.alias.is_empty() => twice(diagnostics),
            ("alias", Some(value)) => {
                let names = diagnostics.note(names(&value)).unwrap_or_default();
                for name in names {
                    if syn::parse_str::<syn::Ident>(&name.value()).is_err() {
                        diagnostics.error(&name, format!("`{}` can't have been the name of a variable", name.value()));
                    }
                    self.alias.push(name.value());
                }
            }
            ("state", _) if self.state.is_some() => twice(diagnostics),
            ("state", Some(Expr::Lit(ExprLit { lit: Lit::Str(name), .. }))) => {
                self.state = Some(name).filter(|name| check_state(name, diagnostics));
            }
            (_, _) => diagnostics.error(&path, format!("`{found}` is a string here: write `{found} = \"…\"`")),
        }
    }
}

/// A state's name is part of idempotency keys.
fn check_state(name: &LitStr, diagnostics: &mut Diagnostics) -> bool {
    let text = name.value();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '#');
    let is_right = !text.is_empty() && text.len() <= 128 && text.chars().all(allowed);
    if !is_right {
        let message =
            format!("`{text}` can't be a state's name: it has 1 to 128 ASCII letters, digits, `_`, `-` and `#`");
        diagnostics.error(name, message);
    }
    is_right
}

fn usage(options: &[&str]) -> String {
    let each = options.iter().map(|option| match *option {
        "default" => "`default`".to_owned(),
        other => format!("`{other} = \"…\"`"),
    });
    each.collect::<Vec<_>>().join(" or ")
}

/// The attributes of a statement's expression. Those before an assignment stand at its left side.
pub(crate) fn attributes(expr: &mut Expr) -> Option<&mut Vec<Attribute>> {
    match expr {
        Expr::Assign(inner) => attributes(&mut inner.left),
        Expr::Binary(inner) => attributes(&mut inner.left),
        Expr::Cast(inner) => attributes(&mut inner.expr),
        Expr::Await(ExprAwait { attrs, .. })
        | Expr::Block(ExprBlock { attrs, .. })
        | Expr::Call(ExprCall { attrs, .. })
        | Expr::Field(ExprField { attrs, .. })
        | Expr::ForLoop(ExprForLoop { attrs, .. })
        | Expr::If(ExprIf { attrs, .. })
        | Expr::Index(ExprIndex { attrs, .. })
        | Expr::Loop(ExprLoop { attrs, .. })
        | Expr::Match(ExprMatch { attrs, .. })
        | Expr::MethodCall(ExprMethodCall { attrs, .. })
        | Expr::Paren(ExprParen { attrs, .. })
        | Expr::Path(ExprPath { attrs, .. })
        | Expr::Return(ExprReturn { attrs, .. })
        | Expr::Try(ExprTry { attrs, .. })
        | Expr::While(ExprWhile { attrs, .. }) => Some(attrs),
        _ => None,
    }
}

/// Takes the attributes of this name out of a list.
pub(crate) fn take(attribute: &str, attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    attrs.extract_if(.., |attr| attr.path().is_ident(attribute)).collect()
}

/// Takes `#[saga(…)]` off all statements of a piece of code.
pub(crate) fn strip(strip: impl FnOnce(&mut Strip)) -> Vec<Attribute> {
    let mut stripper = Strip(Vec::new());
    strip(&mut stripper);
    stripper.0
}

/// What has been taken off.
pub(crate) struct Strip(Vec<Attribute>);

impl VisitMut for Strip {
    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        match stmt {
            Stmt::Local(local) => self.0.extend(take("saga", &mut local.attrs)),
            Stmt::Expr(expr, _) => self.0.extend(attributes(expr).map(|attrs| take("saga", attrs)).unwrap_or_default()),
            Stmt::Item(_) | Stmt::Macro(_) => {}
        }
        visit_mut::visit_stmt_mut(self, stmt);
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
