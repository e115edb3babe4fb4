//! Steps that run when an instance gets stuck or fails.
//!
//! A hook's run is an instance of its own: that of a step on its own ([`alone`](crate::alone)), or of a saga, started by whoever takes up the record that calls for it. Its id comes from
//! that record, so that it is started once.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::definition::SagaDefinition;
use crate::machine;
use crate::record::{Cause, FailedCall, Fault, FaultKind, Frame, Record, Status, Unserializable};
use crate::transport::InstanceId;
use crate::{Call, Saga};

/// Why an instance is paused that an operator has paused.
pub(crate) const PAUSED_BY_OPERATOR: &str = "paused by an operator";

/// What has become of an instance, for the step that is told of it: `#[saga(on_stuck = alert, on_failed = alert)]`.
///
/// The step (or saga) takes just this. It is started like any other on its own, with its retry policy, and whatever it comes to changes nothing for the instance that it is told of.
/// A worker that serves the saga serves its hooks, too.
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use sagaflow::prelude::*;
/// use sagaflow::{Report, Status};
///
/// #[derive(Default)]
/// struct Pager(Mutex<Vec<String>>);
///
/// #[step]
/// async fn alert(#[inject] pager: &Pager, report: Report) -> Result<(), Failure> {
///     pager.0.lock().unwrap().push(format!("{}/{}: {}", report.saga, report.id, report.reason));
///     Ok(())
/// }
///
/// #[step]
/// async fn charge(cents: u64) -> Result<(), Failure> {
///     Err(Failure::new("the card is blocked"))
/// }
///
/// #[saga(on_stuck = alert, on_failed = alert)]
/// async fn payment(cents: u64) -> Result<(), Failure> {
///     charge(cents).await
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// # let transport = sagaflow::connect("embedded:").await?;
/// let pager = Arc::new(Pager::default());
/// let worker = Worker::builder(transport.clone()).serve::<payment>().provide_shared(pager.clone()).build()?.spawn();
/// let handle = Client::new(transport).start(payment(1290)).id("p-7").await?;
/// handle.outcome().await?.unwrap_err();
/// # while pager.0.lock().unwrap().is_empty() { tokio::task::yield_now().await; }
/// assert_eq!(*pager.0.lock().unwrap(), ["payment/p-7: the card is blocked"]);
/// # worker.shutdown().await
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The saga's name.
    pub saga: String,
    /// The instance's id.
    pub id: String,
    /// Where it stands: [`Stuck`](Status::Stuck) or [`Paused`](Status::Paused), as it waits for an operator, or [`Failed`](Status::Failed) or
    /// [`Compensated`](Status::Compensated).
    pub status: Status,
    /// Why.
    pub reason: String,
    /// The state of the saga in which it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The step that has failed, or that it is stuck at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// How many attempts it has made, over all steps.
    pub attempts: u64,
    /// How many compensations have been run.
    pub undone: u64,
    /// When it was started.
    pub started: Timestamp,
    /// When it came to stand so.
    pub at: Timestamp,
}

impl Report {
    fn of(instance: &InstanceId, record: &Record) -> Self {
        // What stood in the record that was paused, where that can be read.
        let original: Option<Record> = record.original.as_ref().and_then(|original| original.read().ok());
        let shown = original.as_ref().unwrap_or(record);
        let frame = shown.frame.as_ref();
        let waits = frame.and_then(Frame::step).map(|call| call.step.clone());
        let failed = shown.failed.as_deref().map(|FailedCall { of, .. }| of.clone());
        let reason = record.reason.clone().or_else(|| record.cause.as_ref().map(ToString::to_string));
        Self {
            saga: instance.saga().to_owned(),
            id: instance.id().to_owned(),
            status: record.status,
            reason: reason.unwrap_or_default(),
            state: frame.map(|frame| frame.state.clone()).filter(|state| !state.is_empty()),
            step: waits.or(failed),
            attempts: record.attempts,
            undone: record.undone,
            started: record.started,
            at: record.updated,
        }
    }
}

/// What can be told of an instance: the constructor of a step or saga that takes just a [`Report`].
#[diagnostic::on_unimplemented(
    message = "a hook is a step that takes just a `Report`",
    label = "not such a step",
    note = "write it so: `#[step] async fn alert(report: Report) -> Result<(), Failure>`"
)]
pub trait TakesReport<S>: Send + Sync + 'static {
    /// The call.
    fn call(&self, report: Report) -> Call<S>;
}

#[diagnostic::do_not_recommend]
impl<F: Fn(Report) -> Call<S> + Send + Sync + 'static, S> TakesReport<S> for F {
    fn call(&self, report: Report) -> Call<S> {
        self(report)
    }
}

/// A step or saga that is told of an instance.
pub(crate) struct Hook {
    frame: Box<dyn Fn(Report) -> Result<Frame, Unserializable> + Send + Sync>,
    define: fn() -> SagaDefinition,
    name: &'static str,
}

impl Hook {
    pub(crate) fn new<S: Saga>(hook: impl TakesReport<S>) -> Self {
        let frame = Box::new(move |report| machine::first_frame(hook.call(report).message()));
        Self { frame, define: SagaDefinition::of::<S>, name: S::NAME }
    }

    /// What is to be served.
    pub(crate) fn definition(&self) -> SagaDefinition {
        (self.define)()
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Where it begins when it is told of an instance.
    pub(crate) fn first_frame(&self, instance: &InstanceId, record: &Record) -> Result<Frame, Unserializable> {
        (self.frame)(Report::of(instance, record))
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hook").field(&self.name).finish()
    }
}

/// The hooks of a saga.
#[derive(Debug, Default)]
pub(crate) struct Hooks {
    pub(crate) stuck: Option<Hook>,
    pub(crate) failed: Option<Hook>,
}

impl Hooks {
    /// The one that is to be told of an instance that stands so, if there is one. What operators and users did on purpose is nothing to tell.
    pub(crate) fn of(&self, record: &Record) -> Option<&Hook> {
        let cancelled = matches!(&record.cause, Some(Cause::Fault(Fault { kind: FaultKind::Cancelled, .. })));
        match record.status {
            Status::Stuck => self.stuck.as_ref(),
            Status::Paused if record.reason.as_deref() != Some(PAUSED_BY_OPERATOR) => self.stuck.as_ref(),
            Status::Failed | Status::Compensated if !cancelled => self.failed.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Hook> {
        self.stuck.iter().chain(&self.failed)
    }
}
