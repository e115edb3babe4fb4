//! Signals: waiting for one, and looking whether there are any.

use std::future::pending;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Durable, Pending, Reply, misfit};
use crate::definition::SagaDefinition;
use crate::record::{Awaited, Node, Take, Unreadable, Unserializable};

/// What can be sent to an instance; `#[signal]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no signal",
    label = "not a signal",
    note = "write `#[signal]` before the type, and derive `serde::Serialize` and `serde::Deserialize` for it"
)]
pub trait Signal: Serialize + DeserializeOwned + Send + 'static {
    /// The name of its queue: the type's own, unless `#[signal(name = "…")]` says another.
    const NAME: &'static str;
}

/// A signal that a saga waits for; see [`signal`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Signalled<T> {
    #[serde(skip)]
    signal: PhantomData<fn() -> T>,
}

/// Waits for a signal: `let Approved { by } = signal::<Approved>().await;` in a saga.
///
/// Signals of a type are taken in the order in which they came, each once, also those that came before they were awaited. While it waits,
/// the instance holds nothing but its record. In a race or with a timeout, a signal that comes too late is not taken: it stays for the next
/// one who awaits it. Inline (without a worker) no signal ever comes.
///
/// ```
/// use sagaflow::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[signal]
/// #[derive(Serialize, Deserialize)]
/// struct Approved {
///     by: String,
/// }
///
/// #[saga]
/// async fn expense(cents: u64) -> Result<String, Failure> {
///     let Approved { by } = signal::<Approved>().await;
///     Ok(format!("{cents} by {by}"))
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// let transport = sagaflow::connect("embedded:").await?;
/// let worker = Worker::builder(transport.clone()).serve::<expense>().build()?.spawn();
/// let handle = Client::new(transport).start(expense(4200)).await?;
/// handle.signal(Approved { by: "Ada".into() }).await?;
/// assert_eq!(handle.outcome().await?.unwrap(), "4200 by Ada");
/// worker.shutdown().await
/// # }
/// ```
pub fn signal<T: Signal>() -> Signalled<T> {
    Signalled { signal: PhantomData }
}

impl<T: Signal> Signalled<T> {
    /// Takes a signal if there is one, and does not wait for it: `signal::<Stop>().try_take().await` in a saga.
    ///
    /// It yields `None` if the queue is empty when a worker looks into it. That it was looked, and what was taken, is one transition; so a loop that
    /// looks again and again appends a record each time, and wants a `sleep`. Inline (without a worker) there is never one.
    ///
    /// ```
    /// use sagaflow::prelude::*;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[signal]
    /// #[derive(Serialize, Deserialize)]
    /// struct Stop;
    ///
    /// #[step]
    /// async fn print(page: u32) -> u32 {
    ///     page
    /// }
    ///
    /// #[saga]
    /// async fn job(pages: u32) -> Result<u32, Failure> {
    ///     for page in 0..pages {
    ///         if signal::<Stop>().try_take().await.is_some() {
    ///             return Ok(page);
    ///         }
    ///         print(page).await;
    ///     }
    ///     Ok(pages)
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), sagaflow::Error> {
    /// let transport = sagaflow::connect("embedded:").await?;
    /// let client = Client::new(transport.clone());
    /// let handle = client.start(job(40)).await?;
    /// handle.signal(Stop).await?;
    /// let worker = Worker::builder(transport).serve::<job>().build()?.spawn();
    /// assert_eq!(handle.outcome().await?.unwrap(), 0);
    /// worker.shutdown().await
    /// # }
    /// ```
    pub fn try_take(self) -> TryTake<T> {
        TryTake { signal: PhantomData }
    }

    /// Takes all signals that are there, in their order, and does not wait for any: `signal::<Vote>().drain().await` in a saga.
    ///
    /// It takes 64 at a time at most: as long as it yields any, there may be more. That it was looked, and what was taken, is one transition, as with
    /// [`try_take`](Self::try_take). Inline (without a worker) there are none.
    ///
    /// ```
    /// use sagaflow::prelude::*;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[signal]
    /// #[derive(Serialize, Deserialize)]
    /// struct Vote {
    ///     yes: bool,
    /// }
    ///
    /// #[saga]
    /// async fn poll() -> Result<usize, Failure> {
    ///     sleep("20ms").await;
    ///     let mut count = 0;
    ///     loop {
    ///         let votes = signal::<Vote>().drain().await;
    ///         if votes.is_empty() {
    ///             return Ok(count);
    ///         }
    ///         count += votes.iter().filter(|vote| vote.yes).count();
    ///     }
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), sagaflow::Error> {
    /// let transport = sagaflow::connect("embedded:").await?;
    /// let handle = Client::new(transport.clone()).start(poll()).await?;
    /// for yes in [true, false, true] {
    ///     handle.signal(Vote { yes }).await?;
    /// }
    /// let worker = Worker::builder(transport).serve::<poll>().build()?.spawn();
    /// assert_eq!(handle.outcome().await?.unwrap(), 2);
    /// worker.shutdown().await
    /// # }
    /// ```
    pub fn drain(self) -> Drain<T> {
        Drain { signal: PhantomData }
    }
}

/// One signal, if there is one; see [`Signalled::try_take`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct TryTake<T> {
    #[serde(skip)]
    signal: PhantomData<fn() -> T>,
}

/// All signals that there are; see [`Signalled::drain`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Drain<T> {
    #[serde(skip)]
    signal: PhantomData<fn() -> T>,
}

/// A leaf that takes signals of a type.
fn leaf<T: Signal>(take: Take) -> Pending {
    Pending::new(Node::Signal(Awaited { name: T::NAME.to_owned(), take }))
}

/// Reads signals that have been taken.
fn all<T: Signal>(reply: Reply) -> Result<Vec<T>, Unreadable> {
    match reply {
        Reply::All(replies) => replies.into_iter().map(Signalled::<T>::finish).collect(),
        other => Err(misfit(&other)),
    }
}

#[diagnostic::do_not_recommend]
impl<T: Signal> Durable for TryTake<T> {
    type Output = Option<T>;

    fn begin(self) -> Result<Pending, Unserializable> {
        Ok(leaf::<T>(Take::Present))
    }

    fn finish(reply: Reply) -> Result<Option<T>, Unreadable> {
        Ok(all(reply)?.pop())
    }

    fn describe(_: &mut SagaDefinition) {}

    async fn inline(self) -> Option<T> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl<T: Signal> Durable for Drain<T> {
    type Output = Vec<T>;

    fn begin(self) -> Result<Pending, Unserializable> {
        Ok(leaf::<T>(Take::All))
    }

    fn finish(reply: Reply) -> Result<Vec<T>, Unreadable> {
        all(reply)
    }

    fn describe(_: &mut SagaDefinition) {}

    async fn inline(self) -> Vec<T> {
        Vec::new()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Signal> Durable for Signalled<T> {
    type Output = T;

    fn begin(self) -> Result<Pending, Unserializable> {
        Ok(leaf::<T>(Take::Next))
    }

    fn finish(reply: Reply) -> Result<T, Unreadable> {
        match reply {
            Reply::Output(value) => value.read(),
            other => Err(misfit(&other)),
        }
    }

    fn describe(_: &mut SagaDefinition) {}

    async fn inline(self) -> T {
        pending().await
    }
}
