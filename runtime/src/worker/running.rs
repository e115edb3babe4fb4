//! A worker that runs, and how it stops.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::future::join_all;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::{Shared, Worker, receive, settle};
use crate::{Error, ErrorKind};

/// A worker that runs in the background.
///
/// Dropping it without [`shutdown`](Self::shutdown) stops it as a crash would: its steps are dropped where they stand,
/// and its deliveries go to other workers when the ack wait has passed. No instance is lost by that.
#[derive(Debug)]
pub struct RunningWorker {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    receivers: JoinSet<Result<(), Error>>,
    keep_alive: AbortHandle,
}

impl RunningWorker {
    pub(super) fn start(worker: Worker) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut receivers = JoinSet::new();
        for saga in worker.sagas {
            receivers.spawn(receive::receive(worker.shared.clone(), saga, stopped.clone()));
        }
        let held = worker.shared.held.clone();
        let keep_alive = tokio::spawn(held.keep_alive(worker.shared.options.ack_wait)).abort_handle();
        Self { shared: worker.shared, stop, receivers, keep_alive }
    }

    /// Stops the worker: it takes no more deliveries, hands back at once what it has not begun, gives the steps that it
    /// runs the [grace](super::WorkerBuilder::grace) to come to their ends, and then drops them and hands their
    /// records back to other workers.
    ///
    /// # Errors
    ///
    /// Why it had ended before it was told to, if it had.
    pub async fn shutdown(mut self) -> Result<(), Error> {
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.shared.slots.close();
        self.stop.send_replace(true);
        let mut result = Ok(());
        while let Some(ended) = self.receivers.join_next().await {
            result = result.and(flat(ended));
        }
        if timeout(self.shared.options.grace, self.shared.held.empty()).await.is_err() {
            let left = self.shared.held.abort();
            tracing::info!(deliveries = left.len(), "the grace is over: handing back what still runs");
            join_all(left.iter().map(|delivery| settle::hand_over(&self.shared, delivery))).await;
        }
        result
    }

    /// Waits until it ends by itself, and says why.
    pub(super) async fn ended(&mut self) -> Error {
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
