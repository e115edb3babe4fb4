//! Source text for people to read: conditions and patterns as labels.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// Labels end here; what is cut off is an ellipsis.
const LONGEST: usize = 48;

/// Code as one line, written as people do. The compiler's own variables lose their marks: `__reply_2` is `reply`.
pub(super) fn text(code: impl ToTokens) -> String {
    let mut line = Line::default();
    line.tokens(code.into_token_stream());
    match line.text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line.text[..end].trim_end()),
        None => line.text,
    }
}

#[derive(Default)]
struct Line {
    text: String,
    /// What stands before the next token.
    last: Last,
}

/// What a token's distance from the next one depends on.
#[derive(Default, Clone, Copy, PartialEq)]
enum Last {
    /// The next token follows without a space: the beginning, `.`, `::`, a prefix such as `&`.
    #[default]
    Close,
    /// A name or literal, or what ends like one.
    Value,
    /// A keyword.
    Word,
    /// An operator.
    Operator,
    /// The first character of an operator of several.
    Part,
}

impl Line {
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    let name = ident.to_string();
                    self.put(&own_name(&name), self.last != Last::Close);
                    let is_keyword = ["let", "if", "else", "match", "mut", "ref", "move", "return", "in", "as", "box"];
                    self.last = if is_keyword.contains(&&*name) { Last::Word } else { Last::Value };
                }
                TokenTree::Literal(literal) => {
                    self.put(&literal.to_string(), self.last != Last::Close);
                    self.last = Last::Value;
                }
                TokenTree::Group(group) => self.group(&group),
                TokenTree::Punct(punct) => self.punct(punct.as_char(), punct.spacing()),
            }
        }
    }

    fn put(&mut self, text: &str, apart: bool) {
        if apart && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(text);
    }

    fn group(&mut self, group: &proc_macro2::Group) {
        let (open, close, apart) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")", !matches!(self.last, Last::Value | Last::Close)),
            Delimiter::Bracket => ("[", "]", !matches!(self.last, Last::Value | Last::Close)),
            Delimiter::Brace => ("{ ", " }", self.last != Last::Close),
            Delimiter::None => return self.tokens(group.stream()),
        };
        if group.stream().is_empty() {
            self.put(open.trim_end(), apart);
            self.text.push_str(close.trim_start());
        } else {
            self.put(open, apart);
            self.last = Last::Close;
            self.tokens(group.stream());
            self.text.push_str(close);
        }
        self.last = Last::Value;
    }

    fn punct(&mut self, sign: char, spacing: Spacing) {
        let is_prefix = matches!(self.last, Last::Close | Last::Word | Last::Operator);
        let (apart, next) = match sign {
            '.' if spacing == Spacing::Joint && self.last != Last::Part => (self.last == Last::Operator, Last::Part),
            ':' if self.last == Last::Part => (false, Last::Close),
            '.' if self.last == Last::Part && spacing == Spacing::Joint => (false, Last::Part),
            '=' if self.last == Last::Part && self.text.ends_with("..") => (false, Last::Close),
            '.' => (false, Last::Close),
            ',' | ';' => (false, Last::Operator),
            '?' => (false, Last::Value),
            ':' if spacing == Spacing::Joint => (false, Last::Part),
            ':' => (false, Last::Operator),
            '\'' => (self.last != Last::Close, Last::Close),
            _ if self.last == Last::Part => {
                (false, if spacing == Spacing::Joint { Last::Part } else { Last::Operator })
            }
            '!' if spacing == Spacing::Alone && self.last == Last::Value => (false, Last::Value),
            '&' | '*' | '-' | '!' | '|' if is_prefix && spacing == Spacing::Alone => {
                (self.last != Last::Close, Last::Close)
            }
            _ if spacing == Spacing::Joint => (self.last != Last::Close, Last::Part),
            _ => (self.last != Last::Close, Last::Operator),
        };
        self.put(&sign.to_string(), apart);
        self.last = next;
    }
}

/// `__reply_2` as `reply`; other names as they are.
fn own_name(name: &str) -> String {
    let Some(own) = name.strip_prefix("__") else { return name.to_owned() };
    own.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn code_is_written_as_people_write_it() {
        let cases = [
            "item == 0",
            "!user.is_paid() && total >= limit[0]",
            "let Some((id, _)) = find(&user.name)",
            "Kind::Gift { note, .. } | Kind::Sale",
            "Err(error) if error.code == -1",
            "0..=9",
            "Err(StepError::Failed(_)) if text.is_empty()",
            "matches!(order.kind, Kind::Gift(..))",
            "\"a\\\"b\" == name",
        ];
        for code in cases {
            let tokens: proc_macro2::TokenStream = code.parse().expect("it is Rust");

            assert_eq!(text(tokens), code);
        }
    }

    #[test]
    fn marks_of_generated_names_are_left_out() {
        let tokens: proc_macro2::TokenStream = "__reply_2 ? > __value".parse().expect("it is Rust");
        assert_eq!(text(tokens), "reply? > value");
    }

    #[test]
    fn long_text_is_cut() {
        let tokens: proc_macro2::TokenStream = "\"ä\", ".repeat(40).parse().expect("it is Rust");
        let text = text(tokens);
        assert_eq!(text.chars().count(), 49, "{text}");
        assert!(text.ends_with('…'), "{text}");
    }
}
