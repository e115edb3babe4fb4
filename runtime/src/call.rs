//! A call is a value: what is done with it decides where the function runs.

use std::future::Future;
use std::pin::Pin;

use futures::future::BoxFuture;

use crate::arguments;
use crate::definition::SagaDefinition;
use crate::durable::{Boxable, Caught, Durable, Pending, Reply, misfit, scope};
use crate::inject::Injected;
use crate::machine::first_frame;
use crate::message::{Message, Shape};
use crate::record::{Nested, Node, StepCall, Unreadable, Unserializable};
use crate::saga::Saga;
use crate::step::Step;

/// A call of an annotated function: `create_user(name)` makes one.
///
/// * `.await` on it inside a `#[saga]` is a durable step; a call of a saga then runs inside that saga's instance;
/// * `client.start(checkout(request))` starts a durable instance;
/// * [`.inline().await`](Self::inline) runs the function here and now, for unit tests.
///
/// It is not a future: a saga that silently ran without durability would be a trap.
///
/// Made before a step and awaited after it, it waits in the record with its arguments.
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
        M::Kind::inline(self.message)
    }
}

impl<M: Message> Call<M> {
    /// Awaits the step (or the saga that runs inside this one) and takes faults as values, too: a panic, a timeout or
    /// a lost worker that would unwind the saga becomes an `Err` that the body can handle.
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
    pub fn outcome(self) -> Caught<M> {
        Caught(self)
    }
}

/// What a message's function is: it decides what awaiting a call of it in a saga means.
pub trait Kind<M: Message> {
    /// Turns the message into what the record holds; with `catch`, faults are replies.
    ///
    /// # Errors
    ///
    /// When it can't be serialized.
    fn begin(message: &M, catch: bool) -> Result<Pending, Unserializable>;

    /// Adds what it may run to the saga's definition.
    fn describe(definition: &mut SagaDefinition);

    /// Runs it in the current task.
    fn inline(message: M) -> impl Future<Output = M::Output>;

    /// The same inside of another saga.
    fn nested(message: M) -> impl Future<Output = M::Output>;

    /// The same for a step that was deferred.
    fn deferred(message: M) -> BoxFuture<'static, M::Output>;
}

/// The function is a step.
#[derive(Debug)]
pub enum StepKind {}

/// The function is a saga: awaited in a saga, it runs inside that saga's instance.
#[derive(Debug)]
pub enum SagaKind {}

impl<S: Step> Kind<S> for StepKind {
    fn begin(message: &S, catch: bool) -> Result<Pending, Unserializable> {
        let step = S::NAME.to_owned();
        let (site, args) = (String::new(), arguments::write_value(message)?);
        // The engine fills in where and when.
        let (since, not_before, delay_ms, error) = (None, None, None, None);
        let (occurrence, attempt, lost) = (0, 1, 0);
        Ok(Pending::step(StepCall {
            step,
            args,
            site,
            occurrence,
            attempt,
            lost,
            since,
            not_before,
            delay_ms,
            error,
            catch,
            deferred: false,
            undoes: false,
            saved: None,
            turn: false,
            skipped: None,
        }))
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.add_step::<S>();
    }

    /// The dependencies are those of where it is polled.
    async fn inline(message: S) -> S::Output {
        S::run(message, Injected::inline(S::NAME)).await
    }

    fn nested(message: S) -> impl Future<Output = S::Output> {
        Self::inline(message)
    }

    fn deferred(message: S) -> BoxFuture<'static, S::Output> {
        Box::pin(Self::inline(message))
    }
}

impl<S: Saga> Kind<S> for SagaKind {
    fn begin(message: &S, catch: bool) -> Result<Pending, Unserializable> {
        let (saga, frame) = (S::NAME.to_owned(), first_frame(message)?);
        Ok(Pending::new(Node::Saga(Box::new(Nested { saga, frame, catch }))))
    }

    fn describe(definition: &mut SagaDefinition) {
        definition.add_saga::<S>();
    }

    fn inline(message: S) -> impl Future<Output = S::Output> {
        scope::inline(S::inline(message))
    }

    /// Boxed, since a saga may await itself.
    fn nested(message: S) -> impl Future<Output = S::Output> {
        let nested: Pin<Box<dyn Future<Output = S::Output>>> = Box::pin(Self::inline(message));
        nested
    }

    /// Never called: [`defer`](crate::defer) takes steps.
    fn deferred(_: S) -> BoxFuture<'static, S::Output> {
        unreachable!("sagas are not deferred")
    }
}

impl<M: Message> Boxable for Call<M> where M::Kind: Kind<M> {}

#[diagnostic::do_not_recommend]
impl<M: Message> Durable for Call<M> {
    type Output = M::Output;

    fn begin(self) -> Result<Pending, Unserializable> {
        M::Kind::begin(&self.message, false)
    }

    fn finish(reply: Reply) -> Result<M::Output, Unreadable> {
        match reply {
            Reply::Output(output) => M::Shape::read(&output),
            other => Err(misfit(&other)),
        }
    }

    fn describe(definition: &mut SagaDefinition) {
        M::Kind::describe(definition);
    }

    fn inline(self) -> impl Future<Output = M::Output> {
        M::Kind::nested(self.message)
    }
}
