//! How a saga ended, in its own types.

use std::fmt;

use crate::message::{ErrorOf, Message, Shape, ValueOf};
use crate::record::{Cause, Fault, Record, Status, Value};
use crate::transport::InstanceId;
use crate::{Error, ErrorKind, Saga};

/// How a saga failed. What it had done has been undone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SagaError<E> {
    /// It returned its own error.
    Failed(E),
    /// It has no error of its own: one of its steps, or its code, panicked, timed out or lost its worker.
    Fault(Fault),
}

impl<E: fmt::Display> fmt::Display for SagaError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl<E: fmt::Display + fmt::Debug> std::error::Error for SagaError<E> {}

/// The outcome in a terminal record.
pub(super) fn of<S: Saga>(
    instance: &InstanceId,
    record: Box<Record>,
) -> Result<Result<ValueOf<S>, SagaError<ErrorOf<S>>>, Error> {
    let split = |output: Option<Value>| -> Result<Result<ValueOf<S>, ErrorOf<S>>, Error> {
        let output = output.ok_or_else(|| unreadable(instance, "it holds no output"))?;
        let output = S::Shape::read(&output).map_err(|error| {
            unreadable(instance, &format!("its output doesn't fit what `{}` returns: {error}", S::NAME))
        })?;
        Ok(<S as Message>::Shape::split(output))
    };
    match (record.status, record.cause) {
        (Status::Completed, _) => match split(record.output)? {
            Ok(value) => Ok(Ok(value)),
            Err(_) => Err(unreadable(instance, "it is completed, but holds an error")),
        },
        (_, Some(Cause::Fault(fault))) => Ok(Err(SagaError::Fault(fault))),
        _ => match split(record.output)? {
            Ok(_) => Err(unreadable(instance, "it has failed, but holds no error")),
            Err(error) => Ok(Err(SagaError::Failed(error))),
        },
    }
}

fn unreadable(instance: &InstanceId, why: &str) -> Error {
    Error::new(ErrorKind::Unreadable, format!("the last record of {instance} can't be understood: {why}"))
}
