//! What the compiler says: each file of `ui/fail` is one situation with its messages beside it. What must compile
//! without a warning is in `language/compiles`, and is compiled once with the other tests of the language: a case that
//! passes would make cargo build all of these, where to check them is enough.
//!
//! After a change of a message: `TRYBUILD=overwrite cargo test --test ui`, and read the difference.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    for attribute in ["step", "retry", "compensate", "saga", "signal", "request", "test"] {
        cases.compile_fail(format!("tests/ui/fail/{attribute}/*.rs"));
    }
}
