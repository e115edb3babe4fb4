//! What generated code names, and nobody else: no promise of stability.

use std::any::Any;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Error as _, SerializeStruct};

pub use serde;

use crate::record::{Unserializable, Value};

pub use crate::record::Record;

pub use crate::call::{SagaKind, StepKind};
pub use crate::definition::{SagaDefinition, StepDefinition, Variable};
pub use crate::durable::{Durable, Signal};
pub use crate::inject::Injected;
pub use crate::machine::{Machine, Saved, SavedOperand, take};
pub use crate::message::{Argument, Broken, Fallible, Message, Plain, Shape};
pub use crate::retry::{Backoff, Jitter, OnExhausted, RetryPolicy, retry_delay};
pub use crate::saga::Saga;
pub use crate::step::Step;
pub use crate::transaction::{TransactionalStep, in_transaction};

pub use crate::blocking::blocking;
pub use crate::borrowed::{Ordered, changed, next, nth};
pub use crate::rest::{AnyRest, Iterable, SavedItems};
pub use crate::waiting::{TypeName, Waiting};

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

/// Reads the name of a message's next field: its place among `names`, and one past the last for any other.
///
/// # Errors
///
/// The deserializer's.
pub fn next_field<'de, A: MapAccess<'de>>(map: &mut A, names: &[&str]) -> Result<Option<usize>, A::Error> {
    struct Name<'n>(&'n [&'n str]);

    impl<'de> DeserializeSeed<'de> for Name<'_> {
        type Value = usize;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
            deserializer.deserialize_identifier(self)
        }
    }

    impl Visitor<'_> for Name<'_> {
        type Value = usize;

        fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
            text.write_str("the name of a field")
        }

        fn visit_str<E>(self, name: &str) -> Result<usize, E> {
            Ok(self.0.iter().position(|known| *known == name).unwrap_or(self.0.len()))
        }
    }

    map.next_key_seed(Name(names))
}

/// Passes over a field that the message doesn't have any more.
///
/// # Errors
///
/// The deserializer's.
pub fn skip_field<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// The argument, once all fields have been read.
///
/// # Errors
///
/// When there was none.
pub fn required_field<T, E: serde::de::Error>(field: Option<T>, name: &'static str) -> Result<T, E> {
    field.ok_or_else(|| E::missing_field(name))
}

/// Fails to resolve for a `Result` behind an alias with another name: then two implementations fit.
/// `#[step]` and `#[saga]` tell by the name `Result` whether a function can fail. The names are the message.
pub trait ReturnTypeMustNotBeAnAliasOfResult<WriteItAsResult> {
    /// Exists to be named.
    fn check() {}
}

impl<T> ReturnTypeMustNotBeAnAliasOfResult<Plain> for T {}

impl<T, E> ReturnTypeMustNotBeAnAliasOfResult<Fallible> for Result<T, E> {}

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
