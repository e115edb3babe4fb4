//! The worker: takes records from a transport, runs what they wait for, and appends the records that follow.
//!
//! Read in this order: `builder` (what is served, checked before anything is consumed), `receive` (one task per
//! saga), `admit` (the same for what clients hand in at the ingress), `job` (one delivery), `several` (steps side by side), `hold`
//! (records that are held meanwhile), `leaf` and
//! `attempt` (one run of a step), `settle` (the next record, and the end of the delivery), `held` (which deliveries are in hand, kept alive by one timer), `running` (stopping it all), `signals`
//! (when the operating system says so), `meters` (what is measured), `mail` (what comes from outside), `children` (instances that an instance
//! has started).
//!
//! **A delivery is acknowledged only when its record is known to be superseded, or wants nothing.** If the process
//! dies anywhere else, the record is delivered again. If the wrong delivery is settled, or none, the condition of
//! the next append keeps the instance right.

mod admit;
mod alarm;
mod attach;
mod attempt;
mod attempts;
mod builder;
mod children;
mod held;
mod hold;
mod hooks;
mod job;
mod leaf;
mod limits;
mod lines;
mod mail;
mod meters;
mod receive;
mod running;
mod settle;
mod several;
mod signals;
#[cfg(test)]
mod tests;

#[cfg(feature = "testing")]
pub(crate) use attempt::{Rehearsal, Rehearsed};
pub(crate) use builder::KEEP;
pub use builder::WorkerBuilder;
pub use running::RunningWorker;
pub use signals::shutdown_signal;

use std::collections::HashMap;
use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, watch};

use crate::clock::Clock;
use crate::definition::SagaDefinition;
use crate::record::Codec;
use crate::retry::adaptive::Breaker;
use crate::transport::Transport;
use crate::{Client, Dependencies, Error};
use signals::Signals;

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
    sagas: Vec<Arc<Served>>,
}

/// A saga that a worker serves.
#[derive(Debug)]
struct Served {
    definition: SagaDefinition,
    meters: meters::Meters,
}

/// What all tasks of a worker share.
#[derive(Debug)]
struct Shared {
    transport: Arc<dyn Transport>,
    client: Client,
    dependencies: Arc<Dependencies>,
    options: Options,
    /// One breaker per step with an adaptive policy.
    breakers: HashMap<&'static str, std::sync::Mutex<Breaker>>,
    limiters: HashMap<&'static str, limits::Limiter>,
    /// What it calls itself in the records that it holds.
    name: Arc<str>,
    /// One permit per attempt that is made (or delivery that is worked on); closed when the worker stops.
    slots: Semaphore,
    stopping: AtomicBool,
    /// Set when the grace of a worker that stops is over.
    hurry: watch::Sender<bool>,
    /// How many records this worker runs several steps of.
    several: watch::Sender<usize>,
    held: Arc<held::InHand>,
    attempts: Arc<attempts::Attempts>,
    alarms: Arc<alarm::Alarms>,
    parents: children::Parents,
}

/// What can be set; see [`WorkerBuilder`] for the meanings.
#[derive(Debug, Clone)]
struct Options {
    concurrency: usize,
    codec: Arc<dyn Codec>,
    ack_wait: Duration,
    grace: Duration,
    keep: Duration,
    keep_events: Duration,
    lost_limit: u32,
    hand_back_delay: Duration,
    hand_back_limit: u32,
    clock: Clock,
    /// Runs the steps' bodies in the worker's place.
    #[cfg(feature = "testing")]
    rehearsal: Option<Arc<dyn attempt::Rehearsal>>,
}

impl Options {
    /// How long a delivery is this worker's if nothing is heard of it: the ack wait. In the test kit it is for ever.
    fn delivery_wait(&self) -> Duration {
        match self.is_rehearsal() {
            true => Duration::from_secs(200 * 365 * 24 * 60 * 60),
            false => self.ack_wait,
        }
    }

    /// Whether this is a worker of the test kit.
    #[cfg_attr(not(feature = "testing"), expect(clippy::unused_self, reason = "there is no test kit"))]
    fn is_rehearsal(&self) -> bool {
        #[cfg(feature = "testing")]
        return self.rehearsal.is_some();
        #[cfg(not(feature = "testing"))]
        false
    }
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
        self.run_until_or(stop, pending::<()>()).await
    }

    /// Runs it until the process is told to end (see [`shutdown_signal`]), and then shuts it down as
    /// [`RunningWorker::shutdown`] does. A second such signal ends the grace: steps that still run are dropped where
    /// they stand, and their records are handed back at once.
    ///
    /// ```no_run
    /// # use sagaflow::prelude::*;
    /// # #[step] async fn greet(name: String) -> String { name }
    /// # #[saga] async fn welcome(name: String) -> Result<String, Failure> { Ok(greet(name).await) }
    /// #[tokio::main]
    /// async fn main() -> Result<(), sagaflow::Error> {
    ///     let transport = sagaflow::connect("nats://127.0.0.1:4222").await?;
    ///     Worker::builder(transport).serve::<welcome>().build()?.run_until_signal().await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Why it has ended before the first signal.
    ///
    /// # Panics
    ///
    /// When the operating system does not let it listen to signals.
    pub async fn run_until_signal(self) -> Result<(), Error> {
        let signals = Mutex::new(Signals::listen());
        let next = || async { signals.lock().await.next().await };
        self.run_until_or(next(), next()).await
    }

    async fn run_until_or(self, stop: impl Future, hurry: impl Future) -> Result<(), Error> {
        let mut running = self.spawn();
        tokio::select! {
            _ = stop => running.shutdown_or(hurry).await,
            error = running.ended() => {
                running.shutdown().await?;
                Err(error)
            }
        }
    }
}
