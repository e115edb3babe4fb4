//! Waiting for a time.

use serde::{Deserialize, Serialize};

use super::{Boxable, Durable, IntoDuration, IntoTime, Pending, Reply, misfit};
use crate::definition::SagaDefinition;
use crate::record::{Node, Timer, Unreadable, Unserializable};

/// A time that a saga waits for; see [`sleep`] and [`sleep_until`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "`.await` it in a `#[saga]`"]
pub struct Sleep {
    /// An error is told where it is awaited.
    timer: Result<Timer, String>,
}

/// Waits for so long: `sleep("3d").await` in a saga.
///
/// A sleeping instance holds nothing but its record: no worker, no memory, no open delivery. It wakes at its time whatever
/// was restarted meanwhile (or as soon after as a worker is there). The time runs from when the `sleep` is awaited.
/// Literals are checked by the compiler.
///
/// ```
/// use sagaflow::prelude::*;
///
/// #[step]
/// async fn remind(customer: String) -> Result<bool, Failure> {
///     Ok(customer == "Ada")
/// }
///
/// /// Three reminders at most.
/// #[saga]
/// async fn reminders(customer: String) -> Result<u32, Failure> {
///     for reminder in 1..=3 {
///         sleep("10ms").await;
///         if remind(customer.clone()).await? {
///             return Ok(reminder);
///         }
///     }
///     Ok(3)
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// let transport = sagaflow::connect("embedded:").await?;
/// let worker = Worker::builder(transport.clone()).serve::<reminders>().build()?.spawn();
/// let handle = Client::new(transport).start(reminders("Ada".into())).await?;
/// assert_eq!(handle.outcome().await?.unwrap(), 1);
/// worker.shutdown().await
/// # }
/// ```
pub fn sleep(time: impl IntoDuration) -> Sleep {
    Sleep { timer: time.into_duration().map(Timer::after) }
}

/// Waits until a time: `sleep_until(invoice.due).await` in a saga. See [`sleep`].
///
/// A time that has passed is no error: the saga goes on at once. When a worker's clock is set back, the sleep takes the longer for
/// it: what counts is the clock of the worker that wakes the instance.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use sagaflow::prelude::*;
///
/// #[saga]
/// async fn later(time: SystemTime) -> bool {
///     sleep_until(time).await;
///     SystemTime::now() >= time
/// }
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// assert!(later(SystemTime::now() + Duration::from_millis(20)).inline().await);
/// # });
/// ```
pub fn sleep_until(time: impl IntoTime) -> Sleep {
    Sleep { timer: time.into_time().map(Timer::at) }
}

impl Boxable for Sleep {}

#[diagnostic::do_not_recommend]
impl Durable for Sleep {
    type Output = ();

    fn begin(self) -> Result<Pending, Unserializable> {
        self.timer.map(|timer| Pending::new(Node::Sleep(timer))).map_err(Unserializable)
    }

    fn finish(reply: Reply) -> Result<(), Unreadable> {
        match reply {
            Reply::Elapsed => Ok(()),
            other => Err(misfit(&other)),
        }
    }

    fn describe(_: &mut SagaDefinition) {}

    async fn inline(self) {
        match self.timer {
            Ok(timer) => tokio::time::sleep(timer.left()).await,
            Err(error) => panic!("{error}"),
        }
    }
}
