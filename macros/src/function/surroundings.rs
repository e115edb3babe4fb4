//! Where an annotated function stands. What it becomes can't stand in an `impl`, and rustc would say so once for each of
//! the items, in words of its own. The tokens don't tell; the file does.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use syn::visit::{self, Visit};
use syn::{Attribute, File, ImplItemFn, TraitItemFn};

const MARK: &str = "__sagaflow_here";

thread_local! {
    /// The file that was looked into last: most attributes stand in the same one as that before, and a file of a thousand steps is
    /// not to be read a thousand times.
    static LAST: RefCell<Option<Rc<Source>>> = const { RefCell::new(None) };
}

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
    let indented = (column > 1).then(|| at.local_file()).flatten();
    indented
        .and_then(|path| Source::of(&path))
        .filter(|source| source.header(line).is_some_and(may_associate))
        .and_then(|source| source.marked(line, column))
        .and_then(|text| syn::parse_file(&text).ok())
        .is_some_and(|file| is_associated_in(&file))
}

/// A file and its lines. They and columns are counted from 1.
#[derive(Debug, Default)]
struct Source {
    path: PathBuf,
    modified: Option<SystemTime>,
    text: String,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    /// Where it begins.
    start: usize,
    /// Where the last line before begins that is indented by less: that opens what this one stands in.
    header: Option<usize>,
}

impl Source {
    fn of(path: &Path) -> Option<Rc<Self>> {
        let modified = fs::metadata(path).and_then(|about| about.modified()).ok();
        LAST.with_borrow_mut(|last| {
            if let Some(last) = last.as_ref().filter(|last| last.path == path && last.modified == modified) {
                return Some(Rc::clone(last));
            }
            let read = Self { path: path.to_owned(), modified, ..Self::new(fs::read_to_string(path).ok()?) };
            Some(Rc::clone(last.insert(Rc::new(read))))
        })
    }

    fn new(text: String) -> Self {
        let (mut lines, mut start) = (Vec::new(), 0);
        // Those that the line stands in, with their indents.
        let mut around: Vec<(usize, usize)> = Vec::new();
        for line in text.split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            let is_empty = indent == line.len();
            if !is_empty {
                around.truncate(around.partition_point(|(_, outer)| *outer < indent));
            }
            lines.push(Line { start, header: around.last().map(|(start, _)| *start) });
            if !is_empty {
                around.push((start, indent));
            }
            start += line.len();
        }
        Self { text, lines, ..Self::default() }
    }

    /// The line that opens what another one stands in, by their indents.
    fn header(&self, line: usize) -> Option<&str> {
        let start = self.lines.get(line.checked_sub(1)?)?.header?;
        self.text[start..].lines().next().map(str::trim_start)
    }

    /// The text with an attribute of our own at a place: so that the function is found again in what is parsed.
    fn marked(&self, line: usize, column: usize) -> Option<String> {
        let start = self.lines.get(line.checked_sub(1)?)?.start;
        let (at, _) = self.text.get(start..)?.char_indices().nth(column.checked_sub(1)?)?;
        let (before, after) = self.text.split_at(start + at);
        Some(format!("{before}#[{MARK}]{after}"))
    }
}

/// Whether such a line may open an `impl` or a `trait`: it does itself, or ends a header of several lines.
fn may_associate(header: &str) -> bool {
    header.starts_with('{')
        || header.split(|char: char| !char.is_alphanumeric()).any(|word| ["impl", "trait"].contains(&word))
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
    use super::{Source, is_associated_in, may_associate};

    #[test]
    fn the_line_that_opens_the_block_is_found() {
        let text =
            "mod shop {\n    impl Shop\n    where\n        Self: Sized,\n    {\n        // Ships.\n\n        #[saga]\n";
        assert_eq!(Source::new(text.to_owned()).header(8), Some("{"));
        assert_eq!(Source::new("impl Shop {\n\n    #[saga]\n".to_owned()).header(3), Some("impl Shop {"));
        let free = Source::new("#[saga]\n".to_owned());
        assert_eq!((free.header(1), free.header(9)), (None, None));
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
        let source = Source::new(text.to_owned());
        let is = |line, column| is_associated_in(&syn::parse_file(&source.marked(line, column).unwrap()).unwrap());
        assert!(is(1, 10) && is(2, 9) && is(3, 11));
        assert!(!is(2, 32) && !is(3, 35));
        assert!([(4, 1), (1, 400), (0, 0)].iter().all(|(line, column)| source.marked(*line, *column).is_none()));
    }
}
