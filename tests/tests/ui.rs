//! What the compiler says: each file of `ui/fail` is one situation with its messages beside it, each of `ui/pass`
//! compiles without a warning.
//!
//! After a change of a message: `TRYBUILD=overwrite cargo test --test ui`, and read the difference.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    for attribute in ["step", "retry", "compensate", "saga"] {
        cases.compile_fail(format!("tests/ui/fail/{attribute}/*.rs"));
    }
    cases.pass("tests/ui/pass/*.rs");
}
