//! The arguments of a call, on their way into a record and back: with their names, and one by one.

use std::fmt;

use serde::de::value::Error as Missed;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer, forward_to_deserialize_any};

use crate::call::Call;
use crate::message::Message;
use crate::record::{Unreadable, Unserializable, Value, Vars};

/// What an argument of a step or saga must be able to do: travel in a message.
///
/// Implemented for every type that has `Serialize` and `Deserialize` and may be sent to another thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an argument of a step or saga",
    label = "can't travel in a message",
    note = "arguments travel in messages: derive `serde::Serialize` and `serde::Deserialize` for `{Self}`"
)]
pub trait Argument: Sized {
    /// Writes it.
    #[doc(hidden)]
    fn write(arguments: &mut Written, name: &'static str, value: &Self);

    /// Reads it. None if that can't be.
    #[doc(hidden)]
    fn read(arguments: &mut Arguments<'_>, name: &'static str) -> Option<Self> {
        Self::evolved(arguments, name, &[], None)
    }

    /// The same by its name or one that it had before; a `default` stands in for one that is missing.
    #[doc(hidden)]
    fn evolved(
        arguments: &mut Arguments<'_>,
        name: &'static str,
        alias: &'static [&'static str],
        default: Option<fn() -> Self>,
    ) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Argument for T {
    fn write(arguments: &mut Written, name: &'static str, value: &Self) {
        match Value::write(value) {
            Ok(value) => arguments.vars.put(name, value),
            Err(error) => {
                arguments.failed.get_or_insert(error);
            }
        }
    }

    fn evolved(
        arguments: &mut Arguments<'_>,
        name: &'static str,
        alias: &'static [&'static str],
        default: Option<fn() -> Self>,
    ) -> Option<Self> {
        let read = match &mut arguments.from {
            From::Record(vars) => {
                let found = std::iter::once(&name).chain(alias).find_map(|name| vars.get(name));
                match (found, default) {
                    (Some(value), _) => value.read().map_err(|error| format!("the argument `{name}`: {error}")),
                    (None, Some(default)) => Ok(default()),
                    (None, None) => T::deserialize(Missing(name)).map_err(|error| error.to_string()),
                }
            }
            #[cfg(feature = "testing")]
            From::Nothing(fields) => {
                fields.push(crate::testing::lock::Field {
                    name: name.to_owned(),
                    alias: alias.iter().map(|&alias| alias.to_owned()).collect(),
                    optional: default.is_some() || T::deserialize(Missing(name)).is_ok(),
                    shape: crate::testing::lock::trace::<T>(),
                });
                return None;
            }
        };
        read.map_err(|error| arguments.failed.get_or_insert(Unreadable(error)).clone()).ok()
    }
}

/// Arguments that have been written. Only generated code has one.
#[derive(Debug, Default)]
pub struct Written {
    vars: Vars,
    failed: Option<Unserializable>,
}

/// Arguments to be read. Only generated code has one.
#[derive(Debug)]
pub struct Arguments<'v> {
    from: From<'v>,
    failed: Option<Unreadable>,
}

#[derive(Debug)]
enum From<'v> {
    Record(&'v Vars),
    /// What is read, and how, is noted.
    #[cfg(feature = "testing")]
    Nothing(Vec<crate::testing::lock::Field>),
}

/// The arguments of a message.
///
/// # Errors
///
/// When JSON can't carry one.
pub(crate) fn write<M: Message>(message: &M) -> Result<Vars, Unserializable> {
    let mut written = Written::default();
    message.write(&mut written);
    match written.failed {
        Some(error) => Err(error),
        None => Ok(written.vars),
    }
}

/// The same as one value.
///
/// # Errors
///
/// When JSON can't carry one.
pub(crate) fn write_value<M: Message>(message: &M) -> Result<Value, Unserializable> {
    Value::write_only(&write(message)?)
}

/// The message with these arguments. Others than it knows are passed over.
///
/// # Errors
///
/// When one doesn't fit, or is missing.
pub(crate) fn read<M: Message>(vars: &Vars) -> Result<M, Unreadable> {
    let mut arguments = Arguments { from: From::Record(vars), failed: None };
    let message = M::read(&mut arguments);
    let unknown = || Unreadable("bug in sagaflow: an argument could not be read".to_owned());
    message.ok_or_else(|| arguments.failed.unwrap_or_else(unknown))
}

/// The same from one value.
///
/// # Errors
///
/// When one doesn't fit, or is missing.
pub(crate) fn read_value<M: Message>(value: &Value) -> Result<M, Unreadable> {
    read(&value.read()?)
}

/// What the arguments look like in a record.
#[cfg(feature = "testing")]
pub(crate) fn trace<M: Message>() -> crate::testing::lock::Shape {
    let mut arguments = Arguments { from: From::Nothing(Vec::new()), failed: None };
    M::read(&mut arguments);
    let From::Nothing(mut fields) = arguments.from else { unreachable!("it was made above") };
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    let name = std::any::type_name::<M>().rsplit("::").next().unwrap_or_default();
    crate::testing::lock::Shape::Struct(crate::testing::lock::Struct {
        name: name.trim_start_matches("r#").to_owned(),
        closed: false,
        fields,
    })
}

/// What an argument is read from that is not there: an `Option` is `None` then, as with serde's derived code.
struct Missing(&'static str);

impl<'de> Deserializer<'de> for Missing {
    type Error = Missed;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Missed> {
        Err(de::Error::missing_field(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Missed> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<M: Message> Serialize for Call<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(&self.message).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// What a call is read as: `serde` calls it so, and the lock file knows it by that.
pub(crate) const CALL: &str = "sagaflow::Call";

impl<'de, M: Message> Deserialize<'de> for Call<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[cfg(feature = "testing")]
        crate::testing::lock::is_read_as(trace::<M>);
        deserializer.deserialize_newtype_struct(CALL, Reading(std::marker::PhantomData))
    }
}

struct Reading<M>(std::marker::PhantomData<M>);

impl<'de, M: Message> Visitor<'de> for Reading<M> {
    type Value = Call<M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the arguments of `{}`", M::NAME)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Call<M>, D::Error> {
        let vars = Vars::deserialize(deserializer)?;
        read(&vars).map(|message| Call { message }).map_err(de::Error::custom)
    }
}
