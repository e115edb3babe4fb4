//! What operators do to many instances: all that fit a filter.

use std::fmt;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::operate::{Verb, operate, pause, yielded};
use super::{Client, Filter, post};
use crate::engine::Which;
use crate::record::Status;
use crate::transport::InstanceId;
use crate::{Error, ErrorKind};

/// To so many instances something is done at the same time.
const AT_ONCE: usize = 32;

/// The most errors that a report keeps.
const MOST_ERRORS: usize = 100;

/// Something to be done to all instances that fit a filter; see [`Client::batch`].
///
/// ```
/// # use sagaflow::prelude::*;
/// use sagaflow::Status;
/// use sagaflow::client::Filter;
///
/// # async fn run(client: &Client) -> Result<(), sagaflow::Error> {
/// let stuck = Filter::new().saga("checkout").status(Status::Stuck);
/// let would = client.batch(stuck.clone()).dry_run().retry().await?;
/// println!("{} would be retried", would.matched);
/// let report = client.batch(stuck).on_progress(|report| println!("{report}")).retry().await?;
/// for (instance, error) in &report.errors {
///     println!("{instance}: {error}");
/// }
/// # Ok(()) }
/// ```
#[must_use = "nothing is done until it is said what, and awaited"]
pub struct Batch<'c> {
    client: &'c Client,
    filter: Filter,
    dry_run: bool,
    on_progress: Option<Progress<'c>>,
}

type Progress<'c> = Box<dyn Fn(&BatchReport) + Send + Sync + 'c>;

/// What has become of a batch.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct BatchReport {
    /// How many instances fit the filter, and stood so that it can be done to them (only what is stuck or paused can be retried, say).
    pub matched: u64,
    /// To how many it was done. In a dry run to none.
    pub done: u64,
    /// To how many it could not be done: they had moved on in between, or their records can't be read.
    pub failed: u64,
    /// Why not, for the first hundred of them.
    pub errors: Vec<(InstanceId, Error)>,
}

impl fmt::Display for BatchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { matched, done, failed, .. } = self;
        write!(f, "{done} of {matched} done")?;
        if *failed > 0 { write!(f, ", {failed} failed") } else { Ok(()) }
    }
}

impl<'c> Batch<'c> {
    pub(super) fn new(client: &'c Client, filter: Filter) -> Self {
        Self { client, filter, dry_run: false, on_progress: None }
    }

    /// Only counts to how many it would be done.
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Is called with what has become of it so far, after each instance.
    pub fn on_progress(mut self, tell: impl Fn(&BatchReport) + Send + Sync + 'c) -> Self {
        self.on_progress = Some(Box::new(tell));
        self
    }

    /// [Pauses](Client::pause) all that run or unwind.
    ///
    /// # Errors
    ///
    /// When the instances can't be listed to the end. What is done to single instances is in the report.
    pub async fn pause(self) -> Result<BatchReport, Error> {
        self.each(|status| matches!(status, Status::Running | Status::Unwinding), Act::Pause).await
    }

    /// [Resumes](Client::resume) all that are paused.
    ///
    /// # Errors
    ///
    /// As for [`pause`](Self::pause).
    pub async fn resume(self) -> Result<BatchReport, Error> {
        self.each(|status| status == Status::Paused, Act::Make(Verb::Resume)).await
    }

    /// [Retries](Client::retry) all that are stuck or paused.
    ///
    /// # Errors
    ///
    /// As for [`pause`](Self::pause).
    pub async fn retry(self) -> Result<BatchReport, Error> {
        self.each(waits, Act::Make(Verb::Retry)).await
    }

    /// [Skips](Client::skip) the step that they wait for, of all that are stuck or paused.
    ///
    /// # Errors
    ///
    /// As for [`pause`](Self::pause).
    pub async fn skip<T: Serialize + DeserializeOwned>(self, value: &T) -> Result<BatchReport, Error> {
        let (value, which) = (yielded(value)?, Which::default());
        self.each(waits, Act::Make(Verb::Skip(&which, &value))).await
    }

    /// [Cancels](Client::cancel) all that run.
    ///
    /// # Errors
    ///
    /// As for [`pause`](Self::pause).
    pub async fn cancel(self) -> Result<BatchReport, Error> {
        self.each(|status| status == Status::Running, Act::Cancel).await
    }

    /// [Terminates](Client::terminate) all that have not come to their end, **and undoes nothing**.
    ///
    /// # Errors
    ///
    /// As for [`pause`](Self::pause); and [`ErrorKind::InvalidOptions`] if the filter says nothing: that would be all instances of all sagas.
    pub async fn terminate(self) -> Result<BatchReport, Error> {
        if self.filter.is_empty() {
            let text = "all instances of all sagas would be terminated, and nothing undone: say in the filter which";
            return Err(Error::new(ErrorKind::InvalidOptions, text));
        }
        self.each(|status| !status.is_terminal(), Act::Make(Verb::Terminate)).await
    }

    async fn each(self, may: fn(Status) -> bool, act: Act<'_>) -> Result<BatchReport, Error> {
        let Self { client, filter, dry_run, on_progress } = self;
        let mut report = BatchReport::default();
        let mut listing = client.list(filter);
        let mut acting = FuturesUnordered::new();
        let broken = loop {
            let listed = tokio::select! {
                biased;
                Some((instance, done)) = acting.next() => {
                    report.has_come_to(instance, done);
                    on_progress.iter().for_each(|tell| tell(&report));
                    continue;
                }
                listed = listing.next(), if acting.len() < AT_ONCE => listed,
                else => break None,
            };
            match listed {
                Some(Ok(status)) if !may(status.status) => {}
                Some(Ok(_)) if dry_run => report.matched += 1,
                Some(Ok(status)) => {
                    report.matched += 1;
                    acting.push(act.on(client, status.instance));
                }
                // An instance whose record can't be read keeps nothing from the others.
                Some(Err(error)) if error.kind() == ErrorKind::Unreadable => {
                    tracing::warn!("left out of a batch: {error}");
                    report.failed += 1;
                }
                Some(Err(error)) => break Some(error),
                None => break None,
            }
        };
        while let Some((instance, done)) = acting.next().await {
            report.has_come_to(instance, done);
            on_progress.iter().for_each(|tell| tell(&report));
        }
        match broken {
            None => Ok(report),
            Some(error) => {
                let text = format!("the batch has not come to its end ({report}): {error}");
                Err(Error::new(error.kind(), text).caused_by(error))
            }
        }
    }
}

/// What is done to each.
#[derive(Debug, Clone, Copy)]
enum Act<'v> {
    Pause,
    Cancel,
    Make(Verb<'v>),
}

impl Act<'_> {
    async fn on(self, client: &Client, instance: InstanceId) -> (InstanceId, Result<(), Error>) {
        let done = match self {
            Self::Pause => pause(client, &instance).await,
            Self::Cancel => post::cancel(client, &instance).await,
            Self::Make(verb) => operate(client, &instance, verb).await,
        };
        (instance, done)
    }
}

/// Whether an instance waits for an operator.
fn waits(status: Status) -> bool {
    matches!(status, Status::Stuck | Status::Paused)
}

impl BatchReport {
    fn has_come_to(&mut self, instance: InstanceId, done: Result<(), Error>) {
        let Err(error) = done else { return self.done += 1 };
        self.failed += 1;
        if self.errors.len() < MOST_ERRORS {
            self.errors.push((instance, error));
        }
    }
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { filter, dry_run, .. } = self;
        f.debug_struct("Batch").field("filter", filter).field("dry_run", dry_run).finish_non_exhaustive()
    }
}
