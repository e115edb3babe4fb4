//! Tests of the passes: expansions, readable.

use super::expand;

fn pretty(source: &str) -> String {
    let item: proc_macro2::TokenStream = source.parse().unwrap();
    let file = syn::parse2::<syn::File>(expand(Default::default(), item)).unwrap();
    prettyplease::unparse(&file)
}

#[test]
fn show() {
    println!("{}", pretty(include_str!("../../tests/expand/checkout.rs")));
}
