//! Waiting for a signal.

use std::future::pending;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Durable, Pending, Reply, misfit};
use crate::definition::SagaDefinition;
use crate::record::{Awaited, Node, Unreadable, Unserializable};

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

#[diagnostic::do_not_recommend]
impl<T: Signal> Durable for Signalled<T> {
    type Output = T;

    fn begin(self) -> Result<Pending, Unserializable> {
        Ok(Pending::new(Node::Signal(Awaited { name: T::NAME.to_owned() })))
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
