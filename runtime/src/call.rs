//! A call is a value: what is done with it decides where the function runs.

use std::future::Future;

use crate::definition::SagaDefinition;
use crate::durable::{Caught, Durable, Pending, Reply};
use crate::message::Message;
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
    pub fn inline(self) -> impl Future<Output = M::Output> + Send {
        self.message.inline()
    }
}

impl<S: Step> Call<S> {
    /// Awaits the step and takes faults as values, too: a panic, a timeout or a lost worker that would unwind the
    /// saga becomes an `Err` that the body can handle.
    ///
    /// ```ignore
    /// match charge(order).outcome().await {
    ///     Ok(receipt) => …,
    ///     Err(StepError::Failed(error)) => …,          // the step's own error
    ///     Err(StepError::Fault(fault)) => …,           // panicked, timed out, or lost its worker
    /// }
    /// ```
    pub fn outcome(self) -> Caught<S> {
        Caught(self)
    }
}

#[diagnostic::do_not_recommend]
impl<S: Step> Durable for Call<S> {
    type Output = S::Output;

    fn begin(self) -> Result<Pending, Unserializable> {
        Ok(Pending::step(StepCall::first::<S>(Value::write(&self.message)?)))
    }

    fn finish(reply: Reply) -> Result<S::Output, Unreadable> {
        match reply {
            Reply::Output(output) => output.read(),
            Reply::Fault(fault) => Err(Unreadable(format!("{fault}, and the body does not take faults here"))),
        }
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.add_step::<S>();
    }

    fn inline(self) -> impl Future<Output = S::Output> + Send {
        self.message.inline()
    }
}
