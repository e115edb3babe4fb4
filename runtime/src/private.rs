//! What generated code names, and nobody else: no promise of stability.

use serde::ser::{Error as _, SerializeStruct};

pub use serde;

use crate::record::{Unserializable, Value};

pub use crate::definition::StepDefinition;
pub use crate::durable::Durable;
pub use crate::inject::Injected;
pub use crate::machine::{Machine, Saved, take, type_in};
pub use crate::message::{Argument, Broken, Fallible, Message, Plain, Shape};
pub use crate::retry::{Backoff, Jitter, OnExhausted, RetryPolicy};
pub use crate::saga::Saga;
pub use crate::step::Step;

pub use crate::rest::{AnyRest, Iterable};

/// Writes an argument into a message.
///
/// # Errors
///
/// The serializer's, or that of the argument.
pub fn write_field<F: SerializeStruct>(
    fields: &mut F,
    name: &'static str,
    value: Result<Value, Unserializable>,
) -> Result<(), F::Error> {
    fields.serialize_field(name, &value.map_err(F::Error::custom)?)
}

/// Fails to resolve for a `Result` behind an alias with another name: then two implementations fit.
/// `#[step]` and `#[saga]` tell by the name `Result` whether a function can fail. The names are the message.
pub trait ReturnTypeMustNotBeAnAliasOfResult<WriteItAsResult> {
    /// Exists to be named.
    fn check() {}
}

impl<T> ReturnTypeMustNotBeAnAliasOfResult<Plain> for T {}

impl<T, E> ReturnTypeMustNotBeAnAliasOfResult<Fallible> for Result<T, E> {}
