//! A worker that runs, and how it stops.

use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use super::{Shared, Worker, admit, receive, settle};
use crate::{Error, ErrorKind};

/// So long a worker that stops waits, when its grace is over, for what is to be stored of steps that ran side by side.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A worker that runs in the background.
///
/// Dropping it without [`shutdown`](Self::shutdown) stops it as a crash would: its steps are dropped where they stand,
/// and its deliveries go to other workers when the ack wait has passed. No instance is lost by that.
#[derive(Debug)]
pub struct RunningWorker {
    shared: Arc<Shared>,
    stop: Arc<watch::Sender<bool>>,
    receivers: JoinSet<Result<(), Error>>,
    keep_alive: AbortHandle,
}

impl RunningWorker {
    pub(super) fn start(worker: Worker) -> Self {
        let stop = Arc::new(watch::Sender::new(false));
        let mut receivers = JoinSet::new();
        for saga in worker.sagas {
            receivers.spawn(admit::receive(worker.shared.clone(), saga.clone(), stop.clone()));
            receivers.spawn(receive::receive(worker.shared.clone(), saga, stop.clone()));
        }
        let held = worker.shared.held.clone();
        let keep_alive = tokio::spawn(held.keep_alive(worker.shared.options.delivery_wait())).abort_handle();
        Self { shared: worker.shared, stop, receivers, keep_alive }
    }

    /// Stops the worker: it takes no more deliveries, hands back at once what it has not begun, gives the steps that it
    /// runs the [grace](super::WorkerBuilder::grace) to come to their ends, and then drops them and hands their
    /// records back to other workers.
    ///
    /// # Errors
    ///
    /// Why it had ended before it was told to, if it had.
    pub async fn shutdown(self) -> Result<(), Error> {
        self.shutdown_or(pending::<()>()).await
    }

    /// The same, but the grace ends when `hurry` is ready, if that is sooner: what then still runs is dropped and handed back at once.
    ///
    /// # Errors
    ///
    /// As for [`shutdown`](Self::shutdown).
    pub async fn shutdown_or(mut self, hurry: impl Future) -> Result<(), Error> {
        let grace = self.shared.options.grace;
        let over = Instant::now() + grace;
        tracing::info!("the worker stops: what it has not begun goes to others, what it runs has {grace:?} to end");
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.stop.send_replace(true);
        // First of all it leaves, so that nothing that it hands back comes to itself again.
        let mut result = Ok(());
        while let Some(ended) = self.receivers.join_next().await {
            result = result.and(flat(ended));
        }
        self.shared.slots.close();
        let why = tokio::select! {
            () = self.shared.held.empty() => return result,
            () = sleep_until(over) => "the grace is over",
            _ = hurry => "told to end at once",
        };
        // What runs several steps of a record drops them, and stores what has come of the others.
        self.shared.hurry.send_replace(true);
        let mut several = self.shared.several.subscribe();
        let _ = timeout(LAST_WORDS, several.wait_for(|several| *several == 0)).await;
        let left = self.shared.held.abort();
        tracing::info!(deliveries = left.len(), "{why}: handing back what still runs");
        join_all(left.iter().map(|delivery| settle::hand_over(&self.shared, delivery, true))).await;
        result
    }

    /// Waits until it ends by itself, and says why: its transport was closed, or it can't serve one of its sagas any more
    /// (then it receives none of them). What it has in hand still goes on; [`shutdown`](Self::shutdown) is to follow.
    pub async fn ended(&mut self) -> Error {
        while let Some(ended) = self.receivers.join_next().await {
            if let Err(error) = flat(ended) {
                return error;
            }
        }
        Error::new(ErrorKind::Closed, "the worker has ended")
    }
}

impl Drop for RunningWorker {
    fn drop(&mut self) {
        // The receivers go with their set.
        self.keep_alive.abort();
        self.shared.held.abort();
    }
}

fn flat(ended: Result<Result<(), Error>, tokio::task::JoinError>) -> Result<(), Error> {
    ended.unwrap_or_else(|error| Err(Error::new(ErrorKind::Other, "a task of the worker panicked").caused_by(error)))
}
