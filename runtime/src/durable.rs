//! What a saga may await: a resumable value with a serializable state.

use std::fmt;
use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::Call;
use crate::definition::SagaDefinition;
use crate::message::{ErrorOf, Message, Shape, ValueOf};
use crate::record::{Fault, Node, StepCall, Unreadable, Unserializable, Value};
use crate::step::Step;

/// What a saga may `.await`: so far, calls of steps.
///
/// The engine keeps what [`begin`](Self::begin) gives it in the record, runs it, and hands the reply to
/// [`finish`](Self::finish), in this process or another.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be awaited in a saga",
    label = "not a durable call",
    note = "a saga awaits calls of `#[step]` functions; put other async work into a step of its own, and write `.await` on its call"
)]
pub trait Durable: Sized {
    /// What the `.await` yields.
    type Output;

    /// Turns it into what the record holds.
    ///
    /// # Errors
    ///
    /// When its arguments can't be serialized.
    fn begin(self) -> Result<Pending, Unserializable>;

    /// Turns the reply into what the `.await` yields.
    ///
    /// # Errors
    ///
    /// When the reply doesn't fit the type (the code has changed since it was written).
    fn finish(reply: Reply) -> Result<Self::Output, Unreadable>;

    /// Adds the steps that it may run to the saga's definition.
    fn describe(definition: &mut SagaDefinition);

    /// Runs it in the current task, without durability.
    fn inline(self) -> impl Future<Output = Self::Output>;
}

/// What an awaited [`Durable`] leaves in the record.
#[derive(Debug)]
pub struct Pending(pub(crate) Box<Node>);

impl Pending {
    pub(crate) fn step(call: StepCall) -> Self {
        Self(Box::new(Node::Step(call)))
    }
}

/// How an awaited [`Durable`] ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Reply {
    /// With an output (which may be an `Err` of the step's own).
    Output(Value),
    /// Without one.
    Fault(Fault),
}

/// A step's call whose faults are values; see [`Call::outcome`].
#[derive(Debug, Clone)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Caught<S>(pub(crate) Call<S>);

/// How a step failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepError<E> {
    /// With the step's own error.
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
impl<S: Step> Durable for Caught<S> {
    type Output = Result<ValueOf<S>, StepError<ErrorOf<S>>>;

    fn begin(self) -> Result<Pending, Unserializable> {
        let mut call = StepCall::first::<S>(Value::write(&self.0.message)?);
        call.catch = true;
        Ok(Pending::step(call))
    }

    fn finish(reply: Reply) -> Result<Self::Output, Unreadable> {
        match reply {
            Reply::Output(output) => Ok(S::Shape::split(S::Shape::read(&output)?).map_err(StepError::Failed)),
            Reply::Fault(fault) => Ok(Err(StepError::Fault(fault))),
        }
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.add_step::<S>();
    }

    async fn inline(self) -> Self::Output {
        S::Shape::split(self.0.message.inline().await).map_err(StepError::Failed)
    }
}

impl StepCall {
    /// The first attempt of a step; the engine fills in where and when.
    pub(crate) fn first<S: Message>(args: Value) -> Self {
        Self {
            step: S::NAME.to_owned(),
            args,
            site: String::new(),
            occurrence: 0,
            attempt: 1,
            lost: 0,
            since: None,
            not_before: None,
            delay_ms: None,
            error: None,
            catch: false,
        }
    }
}
