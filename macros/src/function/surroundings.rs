//! Where an annotated function stands. What it becomes can't stand in an `impl`, and rustc would say so once for each of
//! the items, in words of its own. The tokens don't tell; the file does.

use std::fs;

use syn::visit::{self, Visit};
use syn::{Attribute, File, ImplItemFn, TraitItemFn};

const MARK: &str = "__sagaflow_here";

/// Whether the function that is expanded stands in an `impl` or a `trait`. `false` where there is no file to look into, as in an
/// editor.
///
/// Only what looks like it by the line that it is indented under is parsed: most annotated functions don't.
pub(super) fn is_associated() -> bool {
    if !proc_macro::is_available() {
        return false;
    }
    let at = proc_macro::Span::call_site();
    let (line, column) = (at.line(), at.column());
    at.local_file()
        .and_then(|path| fs::read_to_string(path).ok())
        .filter(|text| header(text, line, column).is_some_and(may_associate))
        .and_then(|text| marked(&text, line, column))
        .and_then(|text| syn::parse_file(&text).ok())
        .is_some_and(|file| is_associated_in(&file))
}

/// The line above `line` that is indented by less than `column` (both from 1), and so opens what the line stands in.
fn header(text: &str, line: usize, column: usize) -> Option<&str> {
    let before: Vec<&str> = text.lines().take(line.saturating_sub(1)).map(str::trim_end).collect();
    let indent = |line: &str| line.chars().take_while(|char| char.is_whitespace()).count();
    before.into_iter().rev().find(|line| !line.is_empty() && indent(line) + 1 < column).map(str::trim_start)
}

/// Whether such a line may open an `impl` or a `trait`: it does itself, or ends a header of several lines.
fn may_associate(header: &str) -> bool {
    header.starts_with('{')
        || header.split(|char: char| !char.is_alphanumeric()).any(|word| ["impl", "trait"].contains(&word))
}

/// The text with an attribute of our own at a place, both from 1: so that the function is found again in what is parsed.
fn marked(text: &str, line: usize, column: usize) -> Option<String> {
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let (at, _) = text.get(start..)?.char_indices().nth(column.checked_sub(1)?)?;
    let (before, after) = text.split_at(start + at);
    Some(format!("{before}#[{MARK}]{after}"))
}

/// Whether the function with the mark stands in an `impl` or a `trait`.
fn is_associated_in(file: &File) -> bool {
    struct Find(bool);
    impl Find {
        fn note(&mut self, attrs: &[Attribute]) {
            self.0 |= attrs.iter().any(|attr| attr.path().is_ident(MARK));
        }
    }
    impl<'ast> Visit<'ast> for Find {
        fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
            self.note(&item.attrs);
            visit::visit_impl_item_fn(self, item);
        }

        fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
            self.note(&item.attrs);
            visit::visit_trait_item_fn(self, item);
        }
    }
    let mut find = Find(false);
    find.visit_file(file);
    find.0
}

#[cfg(test)]
mod tests {
    use super::{header, is_associated_in, marked, may_associate};

    #[test]
    fn the_line_that_opens_the_block_is_found() {
        let text =
            "mod shop {\n    impl Shop\n    where\n        Self: Sized,\n    {\n        // Ships.\n\n        #[saga]\n";
        assert_eq!(header(text, 8, 9), Some("{"));
        assert_eq!(header("impl Shop {\n\n    #[saga]\n", 3, 5), Some("impl Shop {"));
        assert_eq!(header("#[saga]\n", 1, 1), None);
    }

    #[test]
    fn only_what_may_be_an_impl_is_parsed() {
        assert!(["impl Shop {", "pub unsafe trait Shop {", "{", "impl<T> Shop<T> {"].into_iter().all(may_associate));
        assert!(!["mod implement {", "fn f() {", "pub mod traits {"].into_iter().any(may_associate));
    }

    #[test]
    fn a_function_of_an_impl_is_told_from_a_free_one() {
        let text = "impl A { #[step] async fn f() {}\n\
                    /* ä */ #[step] async fn g() { #[step] async fn f() {} } }\n\
                    trait B { #[saga] async fn h(); } #[step] async fn f() {}";
        let is = |line, column| is_associated_in(&syn::parse_file(&marked(text, line, column).unwrap()).unwrap());
        assert!(is(1, 10) && is(2, 9) && is(3, 11));
        assert!(!is(2, 32) && !is(3, 35));
        assert!(marked(text, 4, 1).is_none() && marked(text, 1, 400).is_none() && marked(text, 0, 0).is_none());
    }
}
