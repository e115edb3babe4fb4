//! A call is a value: what is done with it decides where the function runs.

use std::future::Future;

use crate::definition::SagaDefinition;
use crate::durable::{Caught, Durable, Pending, Reply};
use crate::message::{Message, Shape};
use crate::record::{StepCall, Unreadable, Unserializable, Value};
use crate::step::Step;

/// A call of an annotated function: `create_user(name)` makes one.
///
/// * `.await` on it inside a `#[saga]` is a durable step;
/// * `client.start(checkout(request))` starts a durable instance;
/// * [`.inline().await`](Self::inline) runs the function here and now, for unit tests.
///
/// It is not a future: a saga that silently ran without durability would be a trap.
#[derive(Debug, Clone)]
#[must_use = "a call does nothing by itself: `.await` it in a `#[saga]`, hand it to `client.start(…)`, or run it with `.inline().await`"]
pub struct Call<M> {
    pub(crate) message: M,
}

impl<M: Message> Call<M> {
    /// Used by the generated constructors.
    #[doc(hidden)]
    pub fn new(message: M) -> Self {
        Self { message }
    }

    /// The message that carries the arguments.
    pub fn message(&self) -> &M {
        &self.message
    }

    /// Runs the function in the current task, without durability: for unit tests. Injected dependencies come from
    /// [`Dependencies::scope`](crate::Dependencies::scope).
    pub fn inline(self) -> impl Future<Output = M::Output> {
        self.message.inline()
    }
}

impl<S: Step> Call<S> {
    /// Awaits the step and takes faults as values, too: a panic, a timeout or a lost worker that would unwind the
    /// saga becomes an `Err` that the body can handle.
    ///
    /// ```
    /// use sagaflow::StepError;
    /// use sagaflow::prelude::*;
    ///
    /// #[step]
    /// async fn charge(amount: u64) -> Result<u64, Failure> {
    ///     Ok(amount)
    /// }
    ///
    /// #[saga]
    /// async fn pay(amount: u64) -> Result<String, Failure> {
    ///     match charge(amount).outcome().await {
    ///         Ok(charged) => Ok(format!("charged {charged}")),
    ///         // The step's own error.
    ///         Err(StepError::Failed(error)) => Err(error),
    ///         // It panicked, timed out, or lost its worker.
    ///         Err(fault) => Ok(format!("to be looked at by hand: {fault}")),
    ///     }
    /// }
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// assert_eq!(pay(7).inline().await.unwrap(), "charged 7");
    /// # });
    /// ```
    pub fn outcome(self) -> Caught<S> {
        Caught(self)
    }
}

/// A message whose call may be awaited in a saga: so far, that of a step.
#[diagnostic::on_unimplemented(
    message = "a call of `{Self}` can't be awaited in a saga: it is no step",
    label = "not a step",
    note = "sagas in sagas aren't supported yet: let `{Self}` be a `#[step]`, or move its steps into this saga"
)]
pub trait Awaited: Step {}

#[diagnostic::do_not_recommend]
impl<S: Step> Awaited for S {}

impl<S: Awaited> Durable for Call<S> {
    type Output = S::Output;

    fn begin(self) -> Result<Pending, Unserializable> {
        Ok(Pending::step(StepCall::first::<S>(Value::write(&self.message)?)))
    }

    fn finish(reply: Reply) -> Result<S::Output, Unreadable> {
        match reply {
            Reply::Output(output) => S::Shape::read(&output),
            Reply::Fault(fault) => Err(Unreadable(format!("{fault}, and the body does not take faults here"))),
        }
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.add_step::<S>();
    }

    fn inline(self) -> impl Future<Output = S::Output> {
        self.message.inline()
    }
}
