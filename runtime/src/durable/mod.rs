//! What a saga may await: a resumable value with a serializable state.
//!
//! All of them make one algebra: calls of steps, [`sleep`] and [`sleep_until`] are its leaves; calls of sagas (which then run inside the
//! instance that awaits them), [`Durable::timeout`], joins ([`join!`](crate::join), [`join_all`]) and races ([`race!`](crate::race),
//! [`race_all`]) put leaves together.

mod all;
mod attach;
mod boxed;
mod caught;
mod child;
mod join;
mod promise;
mod race;
mod request;
pub(crate) mod scope;
mod signal;
mod signal_to;
mod sleep;
mod started;
mod time;
mod timeout;

pub use all::{JoinAll, TryJoinAll, join_all, try_join_all};
pub use attach::{Attach, CaughtAttach, attach};
pub use boxed::{Boxable, Boxed, Inside};
pub use caught::{Caught, StepError};
pub use child::{CaughtChild, ChildCall, CompensatedChild, Detach, Detached};
pub use join::{Join, TryJoin};
pub use promise::{Promised, Rejected, promise};
pub(crate) use promise::{Token, marker_of_promise};
pub use race::{Race, RaceAll, Winner, race_all};
pub use request::{ReplyTo, Request, Requested, SendReply, request};
pub use scope::{Commit, Defer, commit, defer};
pub use signal::{Drain, Signal, Signalled, TryTake, signal};
pub use signal_to::{SignalError, SignalTo, signal_to};
pub use sleep::{Sleep, sleep, sleep_until};
pub use started::{Next, Started, StartedSet};
pub use time::{IntoDuration, IntoTime};
pub use timeout::{TimedOut, Timeout};

use std::future::Future;

use crate::definition::SagaDefinition;
use crate::machine::Machine;
use crate::record::{Branch, Node, StepCall, Unreadable, Unserializable};

pub use crate::record::Reply;

/// What a saga may `.await`.
///
/// The engine keeps what [`begin`](Self::begin) gives it in the record, runs it, and hands the reply to
/// [`finish`](Self::finish), in this process or another.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be awaited in a saga",
    label = "not a durable call",
    note = "a saga awaits calls of `#[step]` and `#[saga]` functions, several of them by `join!` or `join_all`, and `sagaflow::sleep`; put other async work into a step of its own, and write `.await` on its call"
)]
pub trait Durable: Sized {
    /// What the `.await` yields.
    type Output;

    /// Turns it into what the record holds.
    ///
    /// # Errors
    ///
    /// When its arguments can't be serialized, or can't be used.
    fn begin(self) -> Result<Pending, Unserializable>;

    /// Turns the reply into what the `.await` yields.
    ///
    /// # Errors
    ///
    /// When the reply doesn't fit the type (the code has changed since it was written).
    fn finish(reply: Reply) -> Result<Self::Output, Unreadable>;

    /// Adds the steps and sagas that it may run to the saga's definition.
    fn describe(definition: &mut SagaDefinition);

    /// Runs it in the current task, without durability.
    fn inline(self) -> impl Future<Output = Self::Output>;

    /// A place where it is awaited, and the state that waits there. Generated code names this trait only here, with the place of the
    /// `.await`: there an error is shown.
    #[doc(hidden)]
    fn site(machine: &mut Machine<'_>, state: &'static str) -> Site<Self, Self::Output> {
        if let Some(definition) = machine.definition() {
            Self::describe(definition);
            definition.add_state(state, std::any::type_name::<Self>());
        }
        Site { state, begin: Self::begin, finish: Self::finish }
    }

    /// Gives it so much time, all in all: for a step, over all attempts and the waits between them. (The time of one
    /// attempt is limited by `#[retry(timeout = "…")]`.)
    ///
    /// What has not ended by then is given up: an attempt that is being made is dropped where it stands, what had been done is undone
    /// (compensations that use no output are run for a step whose outcome is unknown, too), and then the `.await` yields
    /// `Err(TimedOut)`. Literals (`"30s"`) are checked by the compiler.
    ///
    /// ```
    /// use sagaflow::prelude::*;
    ///
    /// #[step]
    /// async fn charge(cents: u64) -> Result<u64, Failure> {
    ///     Ok(cents)
    /// }
    ///
    /// #[saga]
    /// async fn pay(cents: u64) -> Result<String, Failure> {
    ///     match charge(cents).timeout("30s").await {
    ///         Ok(charged) => Ok(format!("charged {}", charged?)),
    ///         Err(late) => Ok(format!("to be paid by hand: {late}")),
    ///     }
    /// }
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// assert_eq!(pay(7).inline().await.unwrap(), "charged 7");
    /// # });
    /// ```
    fn timeout(self, limit: impl IntoDuration) -> Timeout<Self> {
        Timeout::new(self, limit)
    }

    /// The same call as one of which it is only known what it yields, so that different ones stand in one list: calls of steps, calls of sagas
    /// and sleeps. In the record it is what it was. To be written in the saga's own body.
    ///
    /// ```
    /// use sagaflow::prelude::*;
    ///
    /// #[step]
    /// async fn by_car(parcel: u64) -> Result<String, Failure> {
    ///     Ok(format!("{parcel} by car"))
    /// }
    ///
    /// #[step]
    /// async fn by_train(parcel: u64, wagon: u64) -> Result<String, Failure> {
    ///     Ok(format!("{parcel} in wagon {wagon}"))
    /// }
    ///
    /// #[saga]
    /// async fn deliver(parcel: u64) -> Result<String, Failure> {
    ///     let ways = vec![by_car(parcel).boxed(), by_train(parcel, 7).boxed()];
    ///     let (place, delivered) = race_all(ways).await;
    ///     Ok(format!("{place}: {}", delivered?))
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), sagaflow::Error> {
    /// let transport = sagaflow::connect("embedded:").await?;
    /// let worker = Worker::builder(transport.clone()).serve::<deliver>().build()?.spawn();
    /// let handle = Client::new(transport).start(deliver(5)).await?;
    /// assert!(["0: 5 by car", "1: 5 in wagon 7"].contains(&handle.outcome().await?.unwrap().as_str()));
    /// worker.shutdown().await
    /// # }
    /// ```
    fn boxed(self) -> Boxed<Self::Output>
    where
        Self: Boxable + 'static,
    {
        Boxed::unseen(self)
    }

    /// What [`boxed`](Self::boxed) is in the body of a saga.
    #[doc(hidden)]
    fn boxed_in(self, _: Inside<Self>) -> Boxed<Self::Output>
    where
        Self: 'static,
    {
        Boxed::seen(self)
    }

    /// Starts it now, to be awaited later: it runs while the saga's code goes on. A plain call, without `.await`; it begins when
    /// the code comes to its next `.await`.
    ///
    /// The [`Started`] is awaited once, by itself or as `&mut` in a [`race!`](crate::race), which does not give it up when it loses. It
    /// can wait in a variable, but can't leave the saga that has started it. What has been started and not been awaited when the saga returns is given up
    /// and undone, and so it is when the saga fails. A fault in it (a panic, a timed out attempt, a lost worker) unwinds the saga at
    /// once, unless the call takes faults as values (`.outcome().start()`).
    ///
    /// In an inline run it runs when it is awaited.
    ///
    /// ```
    /// use sagaflow::prelude::*;
    ///
    /// #[step]
    /// async fn pack(order: u64) -> Result<String, Failure> {
    ///     Ok(format!("parcel {order}"))
    /// }
    ///
    /// #[step]
    /// async fn bill(order: u64) -> Result<u64, Failure> {
    ///     Ok(order * 100)
    /// }
    ///
    /// #[saga]
    /// async fn ship(order: u64) -> Result<String, Failure> {
    ///     let mut packing = pack(order).start();
    ///     let cents = bill(order).await?;
    ///     let parcel = match race!(&mut packing, sleep("1h")).await {
    ///         Winner::First(parcel) => parcel?,
    ///         // It goes on, and is awaited again.
    ///         Winner::Second(()) => packing.await?,
    ///     };
    ///     Ok(format!("{parcel} for {cents}"))
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), sagaflow::Error> {
    /// let transport = sagaflow::connect("embedded:").await?;
    /// let worker = Worker::builder(transport.clone()).serve::<ship>().build()?.spawn();
    /// let handle = Client::new(transport).start(ship(7)).await?;
    /// assert_eq!(handle.outcome().await?.unwrap(), "parcel 7 for 700");
    /// worker.shutdown().await
    /// # }
    /// ```
    fn start(self) -> Started<Self>
    where
        Self: 'static,
    {
        Started::new(self)
    }
}

/// Where something is awaited in a compiled saga.
///
/// It knows what the trait would say: each use of a trait's method costs rustc time.
#[derive(Debug)]
pub struct Site<D, T> {
    state: &'static str,
    begin: fn(D) -> Result<Pending, Unserializable>,
    finish: fn(Reply) -> Result<T, Unreadable>,
}

impl<D, T> Site<D, T> {
    /// Leaves a call to be run; the machine goes on in the state of the site.
    pub fn suspend(&self, machine: &mut Machine<'_>, call: D) {
        machine.suspend(self.state, (self.begin)(call));
    }

    /// What it has yielded; none if that doesn't fit.
    pub fn reply(&self, machine: &mut Machine<'_>) -> Option<T> {
        machine.reply(self.finish)
    }
}

/// What can be a branch of a join or a race: everything that a saga may await.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be awaited in a saga",
    label = "not a durable call",
    note = "the branches of `join!`, `try_join!` and `race!` are calls of `#[step]` and `#[saga]` functions, `sagaflow::sleep`, and what is made of them"
)]
pub trait IntoDurable {
    /// What is awaited.
    type Durable: Durable;

    /// The branch.
    fn into_durable(self) -> Self::Durable;
}

#[diagnostic::do_not_recommend]
impl<D: Durable> IntoDurable for D {
    type Durable = D;

    fn into_durable(self) -> D {
        self
    }
}

/// A branch that has not begun.
fn branch<D: Durable>(durable: D) -> Result<Branch, Unserializable> {
    Ok(Branch { node: *durable.begin()?.0, undo: Vec::new(), waiting: true })
}

/// What an awaited [`Durable`] leaves in the record.
#[derive(Debug)]
pub struct Pending(pub(crate) Box<Node>);

impl Pending {
    pub(crate) fn new(node: Node) -> Self {
        Self(Box::new(node))
    }

    pub(crate) fn step(call: StepCall) -> Self {
        Self::new(Node::Step(call))
    }
}

/// A reply that is not what the code waits for.
pub(crate) fn misfit(reply: &Reply) -> Unreadable {
    Unreadable(match reply {
        Reply::Fault(fault) => format!("{fault}, and the body does not take faults here"),
        other => {
            let text = serde_json::to_string(other).unwrap_or_default();
            format!("`{text}` is the reply to something else")
        }
    })
}
