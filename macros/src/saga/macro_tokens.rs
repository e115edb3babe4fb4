//! The tokens of macro calls, in which the walk finds places as far as that can be done without knowing the macro.

use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream, TokenTree};
use syn::Member;

use super::places::{Handler, Walk};

/// What the strings in the tokens of a macro call are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strings {
    /// That of this argument is a format string, others are just strings.
    FormatAt(usize),
    /// It can't be told.
    Unknown,
}

/// The macros of the standard library and of common crates that take a format string.
pub(super) fn strings_of(macro_name: &Ident) -> Strings {
    Strings::FormatAt(match macro_name.to_string().as_str() {
        "format" | "format_args" | "print" | "println" | "eprint" | "eprintln" | "panic" | "unreachable" | "todo"
        | "unimplemented" | "anyhow" | "bail" | "eyre" => 0,
        "write" | "writeln" | "assert" | "debug_assert" | "ensure" => 1,
        "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => 2,
        _ => return Strings::Unknown,
    })
}

impl<H: Handler> Walk<'_, H> {
    /// The tokens of a macro call.
    pub(super) fn tokens(&mut self, tokens: TokenStream, in_struct: bool, strings: Strings) -> TokenStream {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut output = TokenStream::new();
        let mut index = 0;
        let mut argument = 0;
        while index < tokens.len() {
            let before = index.checked_sub(1).map(|before| &tokens[before]);
            match &tokens[index] {
                TokenTree::Ident(ident) if self.is_place_token(&tokens, index, in_struct) => {
                    let steps = token_fields(&tokens[index + 1..]);
                    let fields: Vec<_> = steps.iter().map(|step| step.member.clone()).collect();
                    match self.handler.place(ident, &fields) {
                        Some((new, parts)) => {
                            if in_struct && is_shorthand(&tokens, index) {
                                output.extend(quote::quote!(#ident: #new));
                            } else {
                                output.extend([TokenTree::Ident(new)]);
                            }
                            if let Some(last) = parts.checked_sub(2).map(|last| &steps[last]) {
                                index += last.tokens;
                                output.extend(last.rest.clone());
                            }
                        }
                        None => output.extend([tokens[index].clone()]),
                    }
                }
                TokenTree::Group(group) => {
                    let inner_struct = group.delimiter() == Delimiter::Brace && before.is_some_and(is_type_name);
                    let strings = match (strings, macro_name(&tokens[..index])) {
                        (_, Some(name)) => strings_of(name),
                        (Strings::FormatAt(at), None) if group.delimiter() == Delimiter::None && at == argument => {
                            Strings::FormatAt(0)
                        }
                        _ => Strings::Unknown,
                    };
                    let mut inner = Group::new(group.delimiter(), self.tokens(group.stream(), inner_struct, strings));
                    inner.set_span(group.span());
                    output.extend([TokenTree::Group(inner)]);
                }
                TokenTree::Literal(literal) => {
                    let new = match strings {
                        Strings::FormatAt(at) if at != argument => literal.clone(),
                        _ => self.literal(literal, strings != Strings::Unknown),
                    };
                    output.extend([TokenTree::Literal(new)]);
                }
                TokenTree::Punct(punct) => {
                    argument += usize::from(punct.as_char() == ',');
                    output.extend([TokenTree::Punct(punct.clone())]);
                }
                other @ TokenTree::Ident(_) => output.extend([other.clone()]),
            }
            index += 1;
        }
        output
    }

    /// Whether an identifier in a macro call can be a variable: no field, method, macro, path or label.
    fn is_place_token(&self, tokens: &[TokenTree], index: usize, in_struct: bool) -> bool {
        let punct = |at: Option<&TokenTree>, c| matches!(at, Some(TokenTree::Punct(punct)) if punct.as_char() == c);
        let TokenTree::Ident(ident) = &tokens[index] else { return false };
        let (before, next, after) =
            (index.checked_sub(1).and_then(|at| tokens.get(at)), tokens.get(index + 1), tokens.get(index + 2));
        // A field or method, but not the end of a range.
        let is_member = punct(before, '.') && !(index >= 2 && punct(tokens.get(index - 2), '.'));
        let is_path = (punct(next, ':') && punct(after, ':'))
            || (punct(before, ':') && index >= 2 && punct(tokens.get(index - 2), ':'));
        let is_field_name = in_struct && punct(next, ':') && !punct(after, ':');
        let is_macro = punct(next, '!') && matches!(after, Some(TokenTree::Group(_)));
        let is_label = punct(before, '\'');
        !(is_member || is_path || is_field_name || is_macro || is_label || self.is_hidden(ident))
    }

    /// Meets the variables named in a format string: `"{total:>width$}"`.
    fn literal(&mut self, literal: &Literal, is_format: bool) -> Literal {
        let text = literal.to_string();
        if !text.starts_with(['"', 'r']) {
            return literal.clone();
        }
        let mut output = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, inside)) = rest.split_once('{') {
            output.push_str(before);
            output.push('{');
            rest = inside;
            if let Some(after) = rest.strip_prefix('{') {
                output.push('{');
                rest = after;
                continue;
            }
            let Some((placeholder, after)) = rest.split_once('}') else { break };
            if before.ends_with("\\u") {
                // A character by its number.
                continue;
            }
            output.push_str(&self.placeholder(placeholder, literal, is_format));
            output.push('}');
            rest = after;
        }
        output.push_str(rest);
        if output == text {
            return literal.clone();
        }
        let mut new: Literal = output.parse().unwrap_or_else(|_| literal.clone());
        new.set_span(literal.span());
        new
    }

    /// `total`, `total:?`, `total:>width$.digits$`, `:width$`, `0`.
    fn placeholder(&mut self, placeholder: &str, literal: &Literal, is_format: bool) -> String {
        let (argument, options) = match placeholder.split_once(':') {
            Some((argument, options)) => (argument, Some(options)),
            None => (placeholder, None),
        };
        let mut output = self.format_name(argument, literal, is_format);
        let Some(options) = options else { return output };
        output.push(':');
        let mut pieces = options.split('$').peekable();
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() {
                output.push_str(piece);
                break;
            }
            let start = piece
                .rfind(|c: char| !c.is_alphanumeric() && c != '_')
                .map_or(0, |at| at + piece[at..].chars().next().map_or(1, char::len_utf8));
            // Flags may stand before the name: `08width$`.
            let start = start + piece[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
            output.push_str(&piece[..start]);
            output.push_str(&self.format_name(&piece[start..], literal, is_format));
            output.push('$');
        }
        output
    }

    fn format_name(&mut self, name: &str, literal: &Literal, is_format: bool) -> String {
        let plain = name.trim();
        let ident = match syn::parse_str::<Ident>(plain) {
            Ok(_) => Ident::new(plain, literal.span()),
            // `{type}` means the variable `r#type`.
            Err(_) if syn::parse_str::<Ident>(&format!("r#{plain}")).is_ok() => Ident::new_raw(plain, literal.span()),
            Err(_) => return name.to_owned(),
        };
        if self.is_hidden(&ident) {
            return name.to_owned();
        }
        match self.handler.place(&ident, &[]) {
            Some((new, _)) if is_format => crate::message::unraw(&new),
            Some(_) => {
                self.handler.unknown_format(literal, plain);
                name.to_owned()
            }
            None => name.to_owned(),
        }
    }
}

/// A field in the tokens of a macro call.
struct Step {
    member: Member,
    /// How many tokens it goes on to, counted from the variable.
    tokens: usize,
    /// What has to be written again where the path ends here: the `.0` of `1.0`, which is one token.
    rest: Option<TokenStream>,
}

/// The fields that follow a variable in a macro call: `.customer.name`, `.0`, but no method.
fn token_fields(tokens: &[TokenTree]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = tokens;
    let unnamed = |index: &str| index.parse().ok().map(|index: usize| Member::Unnamed(index.into()));
    while let [TokenTree::Punct(dot), field, after @ ..] = rest {
        if dot.as_char() != '.' {
            break;
        }
        let count = tokens.len() - after.len();
        match field {
            TokenTree::Ident(field) => {
                let is_call = match after {
                    [TokenTree::Group(group), ..] => group.delimiter() == Delimiter::Parenthesis,
                    [TokenTree::Punct(a), TokenTree::Punct(b), ..] => a.as_char() == ':' && b.as_char() == ':',
                    _ => false,
                };
                if is_call || field == "await" {
                    break;
                }
                steps.push(Step { member: Member::Named(field.clone()), tokens: count, rest: None });
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let (first, second) = text.split_once('.').map_or((&*text, None), |(a, b)| (a, Some(b)));
                let Some(member) = unnamed(first) else { break };
                let Some(second) = second else {
                    steps.push(Step { member, tokens: count, rest: None });
                    rest = after;
                    continue;
                };
                let Some(last) = unnamed(second) else { break };
                steps.push(Step { member, tokens: count, rest: Some(quote::quote!(.#last)) });
                steps.push(Step { member: last, tokens: count, rest: None });
            }
            _ => break,
        }
        rest = after;
    }
    steps
}

/// `name!` at the end of the tokens.
fn macro_name(before: &[TokenTree]) -> Option<&Ident> {
    match before {
        [.., TokenTree::Ident(name), TokenTree::Punct(bang)] if bang.as_char() == '!' => Some(name),
        _ => None,
    }
}

/// `Foo { x }` or `Foo { x, y }`: the field's name stands for the variable.
fn is_shorthand(tokens: &[TokenTree], index: usize) -> bool {
    let comma = |at: Option<&TokenTree>| {
        at.is_none_or(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
    };
    comma(index.checked_sub(1).and_then(|at| tokens.get(at))) && comma(tokens.get(index + 1))
}

fn is_type_name(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident.to_string().starts_with(char::is_uppercase))
}
