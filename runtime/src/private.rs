//! What generated code names, and nobody else: no promise of stability.

use std::any::Any;
use std::fmt::Display;

pub use serde;

pub use crate::record::Record;

pub use crate::arguments::{Argument, Arguments, Written};
pub use crate::call::{SagaKind, StepKind};
pub use crate::definition::{SagaDefinition, StepDefinition};
pub use crate::durable::{Durable, Request, Signal};
pub use crate::inject::Injected;
pub use crate::machine::Machine;
pub use crate::message::{Broken, Fallible, Message, Plain, Shape};
pub use crate::retry::{Backoff, Jitter, OnExhausted, RetryPolicy, retry_delay};
pub use crate::saga::Saga;
pub use crate::slot::{Passing, Saved, SavedOperand};
pub use crate::step::Step;
pub use crate::transaction::{TransactionalStep, in_transaction};

pub use crate::blocking::blocking;
pub use crate::borrowed::{Lasting, Ordered, changed};
pub use crate::rest::{AnyRest, Iterable, NoRest, SavedItems};
pub use crate::waiting::{AnySlot, Waiting};

#[cfg(feature = "testing")]
pub use crate::testing::{Lab, in_lab};

/// The attributes that `#[step]` takes off its function, by the names that they have there.
pub mod helpers {
    pub use sagaflow_macros::{compensate, retry};
}

/// What a function returns whose body ends without a value: `()`, for which `T` is another name.
#[must_use]
pub fn unit<T: 'static>() -> T {
    let unit: Box<dyn Any> = Box::new(());
    *unit.downcast().expect("a body without a value at its end compiles only where it returns `()`")
}

/// Fails to resolve for a `Result` behind an alias with another name: then two implementations fit.
/// `#[step]` and `#[saga]` tell by the name `Result` whether a function can fail. The names are the message.
pub trait ReturnTypeMustNotBeAnAliasOfResult<WriteItAsResult> {
    /// Exists to be named.
    fn check() {}
}

impl<T> ReturnTypeMustNotBeAnAliasOfResult<Plain> for T {}

impl<T, E> ReturnTypeMustNotBeAnAliasOfResult<Fallible> for Result<T, E> {}

/// What the key can be among whose instances a saga's concurrency is counted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a key, as it has no text",
    label = "has no text",
    note = "a key is a text, a number, or something else with `Display`: name a part of it, as in `key = request.tenant`"
)]
pub trait LineKey {
    /// Its text.
    fn text(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: Display + ?Sized> LineKey for T {
    fn text(&self) -> String {
        self.to_string()
    }
}

/// The key among whose instances a saga's concurrency is counted.
#[must_use]
pub fn line_key(key: &(impl LineKey + ?Sized)) -> Option<String> {
    Some(key.text())
}

/// Whether one saga is a version of another that comes before it.
///
/// # Panics
///
/// If not: it is called while the crate is compiled.
pub const fn is_version_before<Old: Saga, New: Saga>() {
    let (old, new) = (Old::NAME.as_bytes(), New::NAME.as_bytes());
    let mut same = old.len() == new.len();
    let mut at = 0;
    while same && at < old.len() {
        same = old[at] == new[at];
        at += 1;
    }
    assert!(same, "the saga of the version before needs the name of this one: give it `#[saga(name = \"…\")]`");
    assert!(Old::VERSION < New::VERSION, "the saga of the version before needs a smaller version than this one");
}
