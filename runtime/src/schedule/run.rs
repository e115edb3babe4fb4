//! What a run knows of the schedule that has started it.

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::starts;

/// What a run knows of its schedule; see [`scheduled`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scheduled<T> {
    /// The id of the schedule.
    pub by: String,
    /// The time for which it was started: the nominal one, however late it begins.
    pub at: Timestamp,
    /// What the last run before it has returned that has succeeded, if there was one, and it is a `T`.
    pub last: Option<T>,
}

/// In the body of a saga that a [schedule](crate::Client::schedule) has started: for which time, and what the last run that has succeeded has returned. A plain call,
/// without `.await`; it says the same wherever it stands. `None` in an instance that was started otherwise, and inline.
///
/// `T` is what the saga returns, without its error.
///
/// ```
/// use jiff::Timestamp;
/// use sagaflow::prelude::*;
///
/// #[step]
/// async fn count_orders(since: Option<Timestamp>, until: Timestamp) -> Result<u64, Failure> {
///     Ok(7)
/// }
///
/// /// Counts what has come since the last report that was made.
/// #[saga]
/// async fn report() -> Result<Timestamp, Failure> {
///     let Some(run) = scheduled::<Timestamp>() else { return Err(Failure::new("started by hand")) };
///     let orders = count_orders(run.last, run.at).await?;
///     println!("{orders} orders until {}", run.at);
///     Ok(run.at)
/// }
/// ```
#[must_use]
pub fn scheduled<T: DeserializeOwned>() -> Option<Scheduled<T>> {
    let run = starts::scheduled()?;
    let last = run.last.and_then(|last| last.read().ok());
    Some(Scheduled { by: run.by, at: run.at, last })
}
