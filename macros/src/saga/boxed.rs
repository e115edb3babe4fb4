//! Each `.boxed()` of a body is noted: the type of what stands in it is not that of what is awaited, but a worker has to know it.
//!
//! ```text
//! vec![by_car(x).boxed(), by_train(x).boxed()]
//! ```
//! becomes `vec![by_car(x).boxed_in(__boxed_1), by_train(x).boxed_in(__boxed_2)]`, and the saga's description says what is inside of
//! `__boxed_1` and `__boxed_2`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, ExprAsync, ExprMethodCall, Item, Macro, parse_quote};

/// Rewrites them; the names of what they lend their types to.
pub(super) fn note(body: &mut Block) -> Vec<Ident> {
    let mut noted = Noted::default();
    noted.visit_block_mut(body);
    noted.0
}

/// Those that are still there in what is emitted: code that is never reached is not.
pub(super) fn left(noted: &[Ident], emitted: &[TokenStream]) -> Vec<Ident> {
    noted.iter().filter(|ident| emitted.iter().any(|tokens| mentions(tokens, ident))).cloned().collect()
}

fn mentions(tokens: &TokenStream, ident: &Ident) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(found) => found == *ident,
        TokenTree::Group(group) => mentions(&group.stream(), ident),
        _ => false,
    })
}

#[derive(Default)]
struct Noted(Vec<Ident>);

impl Noted {
    fn next(&mut self) -> Ident {
        let ident = Ident::new(&format!("__boxed_{}", self.0.len() + 1), Span::mixed_site());
        self.0.push(ident.clone());
        ident
    }

    /// The same for the tokens of a macro call: `. boxed ( )`.
    fn tokens(&mut self, tokens: TokenStream) -> TokenStream {
        let mut output: Vec<TokenTree> = Vec::new();
        for token in tokens {
            let TokenTree::Group(group) = token else {
                output.push(token);
                continue;
            };
            let is_call = group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty();
            let inner = match &output[..] {
                [.., TokenTree::Punct(dot), TokenTree::Ident(method)]
                    if is_call && dot.as_char() == '.' && method == "boxed" =>
                {
                    let (inside, span) = (self.next(), method.span());
                    output.pop();
                    output.push(TokenTree::Ident(Ident::new("boxed_in", span)));
                    quote!(#inside)
                }
                _ => self.tokens(group.stream()),
            };
            let mut rewritten = Group::new(group.delimiter(), inner);
            rewritten.set_span(group.span());
            output.push(TokenTree::Group(rewritten));
        }
        output.into_iter().collect()
    }
}

impl VisitMut for Noted {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        visit_mut::visit_expr_method_call_mut(self, call);
        if call.method == "boxed" && call.args.is_empty() && call.turbofish.is_none() {
            let inside = self.next();
            call.method = Ident::new("boxed_in", call.method.span());
            call.args.push(parse_quote!(#inside));
        }
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        call.tokens = self.tokens(std::mem::take(&mut call.tokens));
    }

    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
