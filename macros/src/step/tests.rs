//! What steps are made into, readable: `tests/expand/steps/*.rs`, beside the expansions. After a change that is meant:
//! `SAGAFLOW_BLESS=1 cargo test -p sagaflow-macros`.

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand/steps")
}

#[test]
fn expansions() {
    let mut found = 0;
    for path in std::fs::read_dir(folder()).expect("the folder is there").flatten().map(|entry| entry.path()) {
        if path.to_str().is_none_or(|path| path.ends_with(".expanded.rs")) {
            continue;
        }
        found += 1;
        let source = std::fs::read_to_string(&path).expect("it can be read");
        // The first line has the options.
        let (options, item) = source.split_once('\n').expect("options, and a function");
        let parse = |text: &str| text.parse::<TokenStream>().expect("it is Rust");
        let expanded = super::expand(parse(options.trim_start_matches("// ")), parse(item));
        let expanded = prettyplease::unparse(&syn::parse2(expanded).expect("the expansion is Rust"));
        let expected = path.with_extension("expanded.rs");
        if std::env::var_os("SAGAFLOW_BLESS").is_some() {
            std::fs::write(&expected, &expanded).expect("it can be written");
        }
        let known = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(known, expanded, "{} is another (if that is meant: SAGAFLOW_BLESS=1)", expected.display());
    }
    assert!(found > 0, "there are steps to be expanded");
}
