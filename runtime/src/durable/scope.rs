//! What belongs to the scope of the saga that is running: [`defer`] and [`commit`].

use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{Durable, Pending, Reply, misfit};
use crate::Call;
use crate::arguments;
use crate::call::Kind;
use crate::definition::SagaDefinition;
use crate::message::{ErrorOf, Message, Shape};
use crate::record::{Deferred, Node, Scoping, Unreadable, Unserializable};
use crate::step::Step;

/// A step that runs when the saga ends; see [`defer`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent, bound = "S: Message")]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Defer<S>(Call<S>);

/// Registers a step that runs on every way out of the saga that awaits this: when it returns a value, returns an error, faults, is
/// cancelled, or reaches its deadline. `defer(release(lock)).await` in a saga.
///
/// The `.await` ends at once and costs no message: that the step is registered stands in the next record. Deferred steps run last
/// first, in one order with the compensations if the saga fails, and before the instance ends (or the caller of a nested saga goes
/// on). They can't be cancelled, and no deadline or timeout cuts them short. One that fails for good does what a compensation does:
/// the instance is stuck, and waits for an operator; that of a saga which has returned a value, too.
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// async fn lock(door: u32) -> Result<u32, Failure> {
///     Ok(door)
/// }
///
/// #[step]
/// async fn unlock(door: u32) {
///     println!("door {door} is open again");
/// }
///
/// #[step]
/// async fn paint(door: u32) -> Result<(), Failure> {
///     if door == 13 { Err(Failure::new("no paint left")) } else { Ok(()) }
/// }
///
/// #[saga]
/// async fn renovate(door: u32) -> Result<(), Failure> {
///     lock(door).await?;
///     defer(unlock(door)).await;
///     paint(door).await
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// # let transport = sagaflow::connect("embedded:").await?;
/// # let worker = Worker::builder(transport.clone()).serve::<renovate>().build()?.spawn();
/// # let client = Client::new(transport);
/// let good = client.start(renovate(1)).await?;
/// assert!(good.outcome().await?.is_ok());
/// let bad = client.start(renovate(13)).await?;
/// assert!(bad.outcome().await?.is_err());
/// # worker.shutdown().await
/// # }
/// ```
pub fn defer<S: Step>(call: Call<S>) -> Defer<S> {
    Defer(call)
}

/// The point of no return; see [`commit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Commit(PhantomData<()>);

/// The point of no return: drops the compensations that are registered so far in the saga that awaits this. What fails after
/// it does not undo what was done before it. `commit().await` in a saga; it ends at once, and costs no message.
///
/// In a nested saga these are the compensations of that saga alone: when it returns, nothing of what it did before its `commit` is
/// left for its caller to undo, and the caller's own compensations stay. In a branch that can be given up (a timeout, a part of a
/// join or race) that is a nested saga, likewise. [Deferred](defer) steps are no compensations, and stay.
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// #[compensate(release(seat))]
/// async fn hold(seat: u32) -> Result<u32, Failure> {
///     Ok(seat)
/// }
///
/// #[step]
/// async fn release(seat: u32) {
///     println!("seat {seat} is free again");
/// }
///
/// #[step]
/// #[retry(exponential, base = "1s", max_delay = "1h")]
/// async fn confirm(seat: u32) -> Result<(), Failure> {
///     let _ = seat;
///     Ok(())
/// }
///
/// /// Try, confirm, cancel: until all seats are held, a failure frees them; from then on they are confirmed, come what may.
/// #[saga]
/// async fn group(seats: Vec<u32>) -> Result<(), Failure> {
///     for seat in &seats {
///         hold(*seat).await?;
///     }
///     commit().await;
///     for seat in &seats {
///         confirm(*seat).await?;
///     }
///     Ok(())
/// }
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// # let transport = sagaflow::connect("embedded:").await?;
/// # let worker = Worker::builder(transport.clone()).serve::<group>().build()?.spawn();
/// # assert!(Client::new(transport).start(group(vec![1, 2])).await?.outcome().await?.is_ok());
/// # worker.shutdown().await
/// # }
/// ```
pub fn commit() -> Commit {
    Commit(PhantomData)
}

#[diagnostic::do_not_recommend]
/// For sagas, too: that one can't be deferred, [`defer`] says.
impl<S: Message> Durable for Defer<S> {
    type Output = ();

    fn begin(self) -> Result<Pending, Unserializable> {
        let (step, args) = (S::NAME.to_owned(), arguments::write_value(&self.0.message)?);
        Ok(Pending::new(Node::Scope(Scoping::Defer(Deferred { step, args }))))
    }

    fn finish(reply: Reply) -> Result<(), Unreadable> {
        done(&reply)
    }

    fn describe(definition: &mut SagaDefinition) {
        S::Kind::describe(definition);
    }

    async fn inline(self) {
        let run: BoxFuture<'static, ()> = Box::pin(async move {
            let output = S::Kind::deferred(self.0.message).await;
            let error: Option<&ErrorOf<S>> = <S as Message>::Shape::error(&output);
            if let Some(error) = error {
                panic!("the deferred step `{}` has failed: {error}; an instance would be stuck", S::NAME);
            }
        });
        let deferred = SCOPE.try_with(Arc::clone).expect("only sagas defer");
        deferred.lock().unwrap_or_else(PoisonError::into_inner).push(run);
    }
}

#[diagnostic::do_not_recommend]
impl Durable for Commit {
    type Output = ();

    fn begin(self) -> Result<Pending, Unserializable> {
        Ok(Pending::new(Node::Scope(Scoping::Commit)))
    }

    fn finish(reply: Reply) -> Result<(), Unreadable> {
        done(&reply)
    }

    fn describe(_: &mut SagaDefinition) {}

    async fn inline(self) {}
}

fn done(reply: &Reply) -> Result<(), Unreadable> {
    match reply {
        Reply::Done => Ok(()),
        other => Err(misfit(other)),
    }
}

type Steps = Arc<Mutex<Vec<BoxFuture<'static, ()>>>>;

tokio::task_local! {
    /// What the saga that runs inline has deferred.
    static SCOPE: Steps;
}

/// Runs a saga inline, and what it has deferred at its end.
pub(crate) async fn inline<T>(saga: impl Future<Output = T>) -> T {
    let deferred = Steps::default();
    let ended = AssertUnwindSafe(SCOPE.scope(deferred.clone(), saga)).catch_unwind().await;
    let pop = || deferred.lock().unwrap_or_else(PoisonError::into_inner).pop();
    while let Some(step) = pop() {
        step.await;
    }
    ended.unwrap_or_else(|panic| resume_unwind(panic))
}
