//! How a saga ended, in its own types.

use std::fmt;

use crate::message::{ErrorOf, Message, Shape, ValueOf};
use crate::record::{Cause, FailedCall, Fault, Origin, Record, Status, Value};
use crate::transport::InstanceId;
use crate::{Error, ErrorKind, Saga};

/// How a saga failed. What it had done has been undone.
///
/// It knows where it comes from: the instance, and the calls that led to it ([`origin`](Self::origin)). `{}` shows that on one
/// line, `{:#}` with a line for each call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SagaError<E> {
    /// It returned its own error.
    Failed {
        /// The error.
        error: E,
        /// The instance as a call that has failed, and the failed call that it had awaited just before.
        call: Box<FailedCall>,
    },
    /// It has no error of its own: one of its steps, or its code, panicked, timed out or lost its worker.
    Fault(Fault),
}

impl<E> SagaError<E> {
    /// The saga's own error, if it returned one.
    pub fn error(&self) -> Option<&E> {
        match self {
            Self::Failed { error, .. } => Some(error),
            Self::Fault(_) => None,
        }
    }

    /// Where it all began: the step whose error the saga returned, or that panicked; or the saga's own code. `None` for a fault
    /// that an older version has recorded.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Failed { call, .. } => Some(&call.root().origin),
            Self::Fault(fault) => fault.origin.as_deref(),
        }
    }
}

impl<E: fmt::Display> fmt::Display for SagaError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { error, call } => {
                write!(f, "{error}")?;
                call.write_trail(f)
            }
            Self::Fault(fault) => {
                write!(f, "{fault}")?;
                match &fault.origin {
                    None => Ok(()),
                    Some(origin) if f.alternate() => write!(f, "\n  at {origin}"),
                    Some(origin) => write!(f, " (at {origin})"),
                }
            }
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
            Err(error) => {
                let (of, text) = (instance.saga().to_owned(), error.to_string());
                let origin = Origin::of(instance.saga(), instance.id());
                let call = FailedCall { of, error: text, origin, cause: None }.caused_by(record.failed);
                Ok(Err(SagaError::Failed { error, call: Box::new(call) }))
            }
        },
    }
}

fn unreadable(instance: &InstanceId, why: &str) -> Error {
    Error::new(ErrorKind::Unreadable, format!("the last record of {instance} can't be understood: {why}"))
}
