//! Tests of the kit itself: with bugs put into a shop on purpose. Each has to be found, and named.

mod bugs;
mod faults;
mod mail;
mod mocks;
mod plans;
mod shop;
mod time;

use super::quiet;
use crate::machine::panic_text;

/// The text with which a check fails.
fn failure(check: impl FnOnce()) -> String {
    match quiet::catch(check) {
        Ok(()) => panic!("the check has found nothing"),
        Err(panic) => panic_text(&*panic),
    }
}

/// Asserts that a check fails, and says all this.
#[track_caller]
fn assert_fails(check: impl FnOnce(), says: &[&str]) -> String {
    let text = failure(check);
    for said in says {
        assert!(text.contains(said), "it does not say\n  {said}\nbut\n{text}");
    }
    text
}
