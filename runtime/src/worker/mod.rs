//! The worker: takes records from a transport, runs what they wait for, and appends the records that follow.
//!
//! Read in this order: `builder` (what is served, checked before anything is consumed), `receive` (one task per
//! saga), `job` (one delivery), `attempt` (one run of a step), `settle` (the next record, and the end of the
//! delivery), `held` (which deliveries are in hand, kept alive by one timer), `running` (stopping it all).
//!
//! **A delivery is acknowledged only when its record is known to be superseded, or wants nothing.** If the process
//! dies anywhere else, the record is delivered again. If the wrong delivery is settled, or none, the condition of
//! the next append keeps the instance right.

mod attempt;
mod builder;
mod clock;
mod held;
mod job;
mod receive;
mod running;
mod settle;
#[cfg(test)]
mod tests;

pub use builder::WorkerBuilder;
pub use running::RunningWorker;

use std::collections::HashMap;
use std::future::{Future, pending};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::definition::SagaDefinition;
use crate::record::Codec;
use crate::retry::adaptive::Breaker;
use crate::transport::Transport;
use crate::{Dependencies, Error};

/// Runs the steps of the sagas that it serves. Any number of workers can serve the same saga.
///
/// ```
/// use sagaflow::prelude::*;
///
/// struct Greeting(&'static str);
///
/// #[step]
/// async fn greet(#[inject] greeting: &Greeting, name: String) -> String {
///     format!("{}, {name}", greeting.0)
/// }
///
/// #[saga]
/// async fn welcome(name: String) -> Result<String, Failure> {
///     Ok(greet(name).await)
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), sagaflow::Error> {
/// let transport = sagaflow::connect("embedded:").await?;
/// let worker = Worker::builder(transport.clone()).serve::<welcome>().provide(Greeting("Hello")).build()?.spawn();
/// let handle = Client::new(transport).start(welcome("Ada".into())).id("ada").await?;
/// assert_eq!(handle.outcome().await?.unwrap(), "Hello, Ada");
/// worker.shutdown().await
/// # }
/// ```
#[derive(Debug)]
pub struct Worker {
    shared: Arc<Shared>,
    sagas: Vec<Arc<SagaDefinition>>,
}

/// What all tasks of a worker share.
#[derive(Debug)]
struct Shared {
    transport: Arc<dyn Transport>,
    dependencies: Arc<Dependencies>,
    options: Options,
    /// One breaker per step with an adaptive policy.
    breakers: HashMap<&'static str, Mutex<Breaker>>,
    /// One permit per delivery that is worked on; closed when the worker stops.
    slots: Semaphore,
    stopping: AtomicBool,
    held: Arc<held::InHand>,
}

/// What can be set; see [`WorkerBuilder`] for the meanings.
#[derive(Debug, Clone)]
struct Options {
    concurrency: usize,
    codec: Arc<dyn Codec>,
    ack_wait: Duration,
    grace: Duration,
    keep: Duration,
    lost_limit: u32,
    hand_back_delay: Duration,
    hand_back_limit: u32,
    clock: clock::Clock,
}

impl Worker {
    /// Begins to build a worker on a transport.
    pub fn builder(transport: Arc<dyn Transport>) -> WorkerBuilder {
        WorkerBuilder::new(transport)
    }

    /// Starts it in tasks of the current tokio runtime.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    #[must_use = "dropping it stops the worker as a crash would"]
    pub fn spawn(self) -> RunningWorker {
        RunningWorker::start(self)
    }

    /// Runs it until its transport is closed or fails for good.
    ///
    /// # Errors
    ///
    /// Always one: why it has ended ([`ErrorKind::Closed`](crate::ErrorKind::Closed) if the transport was closed).
    pub async fn run(self) -> Result<(), Error> {
        self.run_until(pending::<()>()).await
    }

    /// Runs it until `stop` is ready (a signal of the operating system, say), and then shuts it down as
    /// [`RunningWorker::shutdown`] does.
    ///
    /// # Errors
    ///
    /// Why it has ended before `stop` was ready.
    pub async fn run_until(self, stop: impl Future) -> Result<(), Error> {
        let mut running = self.spawn();
        tokio::select! {
            _ = stop => running.shutdown().await,
            error = running.ended() => {
                running.shutdown().await?;
                Err(error)
            }
        }
    }
}
