//! What steps and sagas have in common: a message that names an async function and carries its arguments.

use std::fmt::{self, Display};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::arguments::{Arguments, Written};
use crate::call::Kind;
use crate::record::{Unreadable, Unserializable, Value};

/// The message of an annotated function: its arguments as fields. `#[step]` and `#[saga]` implement it.
///
/// The message has the function's own name: `create_user(name)` makes a [`Call`](crate::Call) of the message
/// `create_user { name }`.
pub trait Message: Sized + Send + Sync + 'static {
    /// The function's name in records, deliveries and metrics.
    const NAME: &'static str;

    /// The names that it had before (`alias = "…"`): records of older code are read by them.
    const ALIASES: &'static [&'static str] = &[];

    /// What the function returns, as it was written.
    type Output: Send + 'static;

    /// Whether [`Output`](Self::Output) is a `Result` ([`Fallible`]) or a plain value ([`Plain`]).
    type Shape: Shape<Self::Output>;

    /// Whether the function is a step or a saga.
    #[doc(hidden)]
    type Kind: Kind<Self>;

    /// Writes the arguments.
    #[doc(hidden)]
    fn write(&self, arguments: &mut Written);

    /// Reads the arguments. None if one doesn't fit or is missing.
    #[doc(hidden)]
    fn read(arguments: &mut Arguments<'_>) -> Option<Self>;
}

/// What a step or saga may return: implemented for every type that has `Serialize` and `Deserialize` and may be sent to
/// another thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be returned by a step or saga",
    label = "needs `Serialize` and `Deserialize`",
    note = "results travel in messages: derive `serde::Serialize` and `serde::Deserialize` for `{Self}`"
)]
pub trait Returned: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Returned for T {}

/// What a message's function yields when it succeeds.
pub type ValueOf<M> = <<M as Message>::Shape as Shape<<M as Message>::Output>>::Value;

/// The error type of a message's function; [`Never`] for one that returns a plain value.
pub type ErrorOf<M> = <<M as Message>::Shape as Shape<<M as Message>::Output>>::Error;

/// How a function's output divides into success and failure.
pub trait Shape<O>: Send + Sync + 'static {
    /// The success.
    type Value: Returned;
    /// The failure.
    type Error: StepFailure;

    /// Divides an output.
    ///
    /// # Errors
    ///
    /// The output's own error.
    fn split(output: O) -> Result<Self::Value, Self::Error>;

    /// The output of a function that has succeeded with this value.
    #[doc(hidden)]
    fn join(value: Self::Value) -> O;

    /// Looks at the failure of an output, if it is one.
    fn error(output: &O) -> Option<&Self::Error>;

    /// Writes an output into a record.
    ///
    /// # Errors
    ///
    /// When JSON can't carry it.
    #[doc(hidden)]
    fn write(output: &O) -> Result<Value, Unserializable>;

    /// Reads an output from a record.
    ///
    /// # Errors
    ///
    /// When it doesn't fit the type.
    #[doc(hidden)]
    fn read(value: &Value) -> Result<O, Unreadable>;
}

/// The shape of a function with errors that the compiler has reported: it is never run.
#[derive(Debug)]
pub enum Broken {}

impl<O> Shape<O> for Broken {
    type Value = Never;
    type Error = Never;

    fn split(_: O) -> Result<Never, Never> {
        unreachable!("a function with errors is never run")
    }

    fn join(_: Never) -> O {
        unreachable!("a function with errors is never run")
    }

    fn error(_: &O) -> Option<&Never> {
        None
    }

    fn write(_: &O) -> Result<Value, Unserializable> {
        unreachable!("a function with errors is never run")
    }

    fn read(_: &Value) -> Result<O, Unreadable> {
        unreachable!("a function with errors is never run")
    }
}

/// The shape of a function that returns `Result<T, E>`.
#[derive(Debug)]
pub enum Fallible {}

/// The shape of a function that returns a plain value.
#[derive(Debug)]
pub enum Plain {}

impl<T, E> Shape<Result<T, E>> for Fallible
where
    T: Returned,
    E: StepFailure,
{
    type Value = T;
    type Error = E;

    fn split(output: Result<T, E>) -> Result<T, E> {
        output
    }

    fn join(value: T) -> Result<T, E> {
        Ok(value)
    }

    fn error(output: &Result<T, E>) -> Option<&E> {
        output.as_ref().err()
    }

    fn write(output: &Result<T, E>) -> Result<Value, Unserializable> {
        Value::write(output)
    }

    fn read(value: &Value) -> Result<Result<T, E>, Unreadable> {
        value.read()
    }
}

impl<T: Returned> Shape<T> for Plain {
    type Value = T;
    type Error = Never;

    fn split(output: T) -> Result<T, Never> {
        Ok(output)
    }

    fn join(value: T) -> T {
        value
    }

    fn error(_: &T) -> Option<&Never> {
        None
    }

    fn write(output: &T) -> Result<Value, Unserializable> {
        Value::write(output)
    }

    fn read(value: &Value) -> Result<T, Unreadable> {
        value.read()
    }
}

/// What the error of a step or saga must be able to do: travel in a record, and be shown.
///
/// Implemented for every type that has `Serialize`, `Deserialize` and `Display`; use [`Failure`](crate::Failure)
/// where no error type of your own is wanted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the error of a step or saga",
    label = "needs `Serialize`, `Deserialize` and `Display`",
    note = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}` and implement `Display`, or return `Result<_, sagaflow::Failure>`"
)]
pub trait StepFailure: Serialize + DeserializeOwned + Display + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<E> StepFailure for E where E: Serialize + DeserializeOwned + Display + Send + Sync + 'static {}

/// The error of a function that can't fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Never {}

impl Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}
