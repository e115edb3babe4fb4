//! Faults as values.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Durable, Pending, Reply, misfit};
use crate::Call;
use crate::call::Kind;
use crate::definition::SagaDefinition;
use crate::message::{ErrorOf, Message, Shape, ValueOf};
use crate::record::{Fault, Unreadable, Unserializable};

/// A call whose faults are values; see [`Call::outcome`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent, bound = "M: Message")]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Caught<M>(pub(crate) Call<M>);

/// How a step, or a saga inside a saga, failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepError<E> {
    /// With its own error.
    Failed(E),
    /// Without one: it panicked, timed out, or lost its worker.
    Fault(Fault),
}

impl<E: fmt::Display> fmt::Display for StepError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl<E: fmt::Display + fmt::Debug> std::error::Error for StepError<E> {}

#[diagnostic::do_not_recommend]
impl<M: Message> Durable for Caught<M> {
    type Output = Result<ValueOf<M>, StepError<ErrorOf<M>>>;

    fn begin(self) -> Result<Pending, Unserializable> {
        M::Kind::begin(&self.0.message, true)
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        match reply {
            Reply::Output(output) => Ok(M::Shape::split(M::Shape::read(&output)?).map_err(StepError::Failed)),
            Reply::Fault(fault) => Ok(Err(StepError::Fault(fault))),
            other => Err(misfit(&other)),
        }
    }

    fn describe(definition: &mut SagaDefinition) {
        M::Kind::describe(definition);
    }

    async fn inline(self) -> Self::Output {
        M::Shape::split(M::Kind::nested(self.0.message).await).map_err(StepError::Failed)
    }
}
