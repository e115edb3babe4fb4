//! Tests of the passes: expansions, readable.
//!
//! `tests/expand/*.rs` are sagas, `tests/expand/*.expanded.rs` what is made of them. After a change that is meant:
//! `SAGAFLOW_BLESS=1 cargo test -p sagaflow-macros`.

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{ImplItem, Item};

use super::expand;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand")
}

/// The function that a saga is compiled into, pretty-printed.
fn resume(source: &str) -> String {
    let item: TokenStream = source.parse().expect("it is Rust");
    let file: syn::File = syn::parse2(expand(TokenStream::new(), item)).expect("the expansion is Rust");
    let compiled = file.items.into_iter().find(|item| match item {
        Item::Impl(item) => item.items.iter().any(|item| matches!(item, ImplItem::Fn(f) if f.sig.ident == "resume")),
        _ => false,
    });
    let compiled = compiled.expect("there is an implementation of `Saga`");
    prettyplease::unparse(&syn::parse2(compiled.into_token_stream()).expect("an item is a file"))
}

/// The messages of the errors of an expansion.
fn errors(source: &str) -> Vec<String> {
    let item: TokenStream = source.parse().expect("it is Rust");
    let file: syn::File = syn::parse2(expand(TokenStream::new(), item)).expect("the expansion is Rust");
    let message = |item: Item| match item {
        Item::Macro(item) if item.mac.path.segments.last()?.ident == "compile_error" => {
            Some(item.mac.parse_body::<syn::LitStr>().expect("it is a message").value())
        }
        _ => None,
    };
    file.items.into_iter().filter_map(message).collect()
}

fn is_saga(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.ends_with(".rs") && !path.ends_with(".expanded.rs"))
}

#[test]
fn expansions() {
    let mut differ = Vec::new();
    let mut sagas: Vec<_> = std::fs::read_dir(folder()).expect("the folder is there").flatten().collect();
    sagas.sort_by_key(std::fs::DirEntry::path);
    for path in sagas.iter().map(std::fs::DirEntry::path).filter(|path| is_saga(path)) {
        let expanded = resume(&std::fs::read_to_string(&path).expect("it can be read"));
        let expected = path.with_extension("expanded.rs");
        if std::env::var_os("SAGAFLOW_BLESS").is_some() {
            std::fs::write(&expected, &expanded).expect("it can be written");
        } else if std::fs::read_to_string(&expected).ok().as_ref() != Some(&expanded) {
            differ.push(format!("{} is now:\n{expanded}", expected.display()));
        }
    }
    assert!(differ.is_empty(), "{}\n(if that is meant: SAGAFLOW_BLESS=1)", differ.join("\n"));
}

/// The body of a saga with a loop, in which something can't be done; and a part of what is said to that.
#[test]
fn what_would_change_its_meaning_is_an_error() {
    let cases = [
        ("let _guard = lock(); a().await;", "`_guard` would be dropped at the next step"),
        ("#[cfg(test)] a().await;", "can't be left out by `#[cfg]`"),
        ("match n { #[cfg(test)] 1 => a().await, _ => {} }", "can't be left out by `#[cfg]`"),
        ("unsafe { a().await; }", "in an `unsafe` block"),
        ("loop { a().await; skip!(continue); }", "`continue` can't leave a loop or block that awaits"),
        (
            "'all: loop { a().await; skip!(for x in y { break 'all; }); }",
            "`break` can't leave a loop or block that awaits",
        ),
        ("const N: u32 = 1; { const N: u32 = 2; b(N).await; }", "would be seen outside of the block"),
        ("{ use x::*; a().await; } a().await;", "would be seen outside of the block"),
        ("let __x = 1; b(__x).await;", "names that begin with two underscores"),
        ("let n = 1; if a().await { let n = 2; b(n).await; note!(\"{n}\"); } b(n).await;", "can't tell whether `{n}`"),
        ("v[next()] += a().await;", "is evaluated before the step or after it"),
        ("let x = c.plus({ c = 2; a().await });", "`c` is read before this step and changed by it"),
        ("v[a().await] = 1;", "in the place that is assigned to"),
        (
            "let late; if n > 3 { a().await; late = 1; } b(late).await;",
            "`late` has no value yet on a way to where it is read",
        ),
        ("let f = |x| b(x).await;", "can't be awaited in a closure"),
        ("format!(\"{}\", a().await);", "inside a macro call"),
    ];
    for (body, expected) in cases {
        let errors = errors(&format!("async fn saga(n: u32) {{ {body} }}"));
        assert!(errors.iter().any(|error| error.contains(expected)), "{body}: {errors:#?}");
        assert_eq!(errors.len(), 1, "{body}: {errors:#?}");
    }
}

/// What is generated grows in proportion to the steps.
#[test]
fn long_sagas_expand_in_proportion() {
    let size = |steps: usize| {
        let body: String = (0..steps).map(|step| format!("let x{step} = num({step}).await?;")).collect();
        let source = format!("async fn saga(n: u32) -> Result<u32, Failure> {{ {body} Ok(n) }}");
        let item: TokenStream = source.parse().expect("it is Rust");
        expand(TokenStream::new(), item).to_string().len()
    };
    let (few, many) = (size(50), size(500));
    assert!(many < few * 12, "50 steps make {few} characters, 500 make {many}");
}

/// The blocks of `docs/expansion.md` with this info string.
fn documented(kind: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/expansion.md");
    let text = std::fs::read_to_string(path).expect("it can be read");
    let opening = format!("```{kind}\n");
    let blocks = text.split(&opening).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// Code without its layout, and without the paths that the document leaves out.
fn normal(code: &str) -> String {
    let mut code: String = code.split_whitespace().collect();
    for path in ["::sagaflow::__private::", "::sagaflow::", "::core::option::Option::", "::core::primitive::"] {
        code = code.replace(path, "");
    }
    for close in [")", "]", "}", ">"] {
        code = code.replace(&format!(",{close}"), close);
    }
    code
}

/// All that the document shows stands in the real expansion, in the same order, and without gaps but where it says so.
#[test]
fn the_document_shows_the_real_expansion() {
    let source = std::fs::read_to_string(folder().join("checkout.rs")).expect("it can be read");
    assert_eq!(documented("rust,saga"), [source.as_str()]);
    let item: TokenStream = source.parse().expect("it is Rust");
    let file: syn::File = syn::parse2(expand(TokenStream::new(), item)).expect("the expansion is Rust");
    let expansion = normal(&prettyplease::unparse(&file));
    let blocks = documented("rust,expansion");
    assert!(blocks.len() > 5, "{blocks:?}");
    let mut rest = &expansion[..];
    for (index, block) in blocks.iter().enumerate() {
        for shown in block.split("// …").map(normal).filter(|shown| !shown.is_empty()) {
            let Some(start) = rest.find(&shown) else {
                panic!("block {index} shows what is not there:\n{shown}\n\nin:\n{rest}");
            };
            rest = &rest[start + shown.len()..];
        }
    }
}
