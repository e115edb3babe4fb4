//! The client: starts instances, and looks at them. It needs a transport and no worker.

mod ask;
mod batch;
mod begin;
mod enter;
mod events;
mod handle;
mod history;
mod id;
mod limit;
mod line;
mod list;
mod operate;
mod outcome;
mod post;
mod prepared;
mod promise;
mod schedule;
mod signal;
mod start;
mod status;
#[cfg(test)]
mod tests;
mod watch;

pub use ask::AskBuilder;
pub use batch::{Batch, BatchReport};
pub use events::{Event, Events};
pub use handle::Handle;
pub use history::History;
pub use list::{Filter, Listing};
pub use operate::SkipBuilder;
pub use outcome::SagaError;
pub use prepared::{PreparedSignal, PreparedStart};
pub use schedule::{Schedule, ScheduleBuilder, ScheduleStatus};
pub use signal::SignalBuilder;
pub use start::{IfExists, StartAndAsk, StartAndSignal, StartBuilder};
pub use status::InstanceStatus;
pub use watch::InstanceWatch;

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;
use crate::definition::SagaDefinition;
use crate::record::{Codec, Json, SIGNAL_FORMAT, SentSignal, Value};
use crate::transport::{Feed, InstanceId, Stored, Transport};
use crate::{Call, Error, Saga};

/// Starts instances of sagas, and looks at them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    codec: Arc<dyn Codec>,
    clock: Clock,
    /// The definitions of the sagas that this client has started, so that each is made once.
    definitions: Arc<Mutex<HashMap<TypeId, Arc<SagaDefinition>>>>,
}

impl Client {
    /// A client on a transport.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport, codec: Arc::new(Json), clock: Clock::System, definitions: Arc::default() }
    }

    /// What a worker gives the steps that want one.
    pub(crate) fn of_worker(transport: &Arc<dyn Transport>, codec: &Arc<dyn Codec>, clock: Clock) -> Self {
        Self { transport: transport.clone(), codec: codec.clone(), clock, definitions: Arc::default() }
    }

    /// How records are stored; must be the workers' codec. Default JSON as it is.
    #[must_use]
    pub fn with_codec(mut self, codec: impl Codec) -> Self {
        self.codec = Arc::new(codec);
        self
    }

    #[cfg(feature = "testing")]
    pub(crate) fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Starts an instance: `client.start(checkout(request)).id("order-42").await?`.
    pub fn start<S: Saga>(&self, call: Call<S>) -> StartBuilder<'_, S> {
        StartBuilder::new(self, call)
    }

    /// The handle of an instance that may have been started elsewhere. Whether it exists shows when it is used.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidId`](crate::ErrorKind::InvalidId) if the id can't be one.
    pub fn handle<S: Saga>(&self, id: impl Into<Arc<str>>) -> Result<Handle<S>, Error> {
        Ok(Handle::new(self.clone(), InstanceId::new(S::NAME, id)?))
    }

    /// How an instance stands, of a saga whose code need not be known here.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is none, or its last record is no longer kept;
    /// [`ErrorKind::Unreadable`](crate::ErrorKind::Unreadable) if its record can't be read; otherwise what the transport says.
    pub async fn status(&self, saga: &str, id: &str) -> Result<InstanceStatus, Error> {
        status::status(self, &InstanceId::new(saga, id)?).await
    }

    /// Watches an instance: how it stands now, and then each change that one comes across. Nobody who moves it on takes care of those who watch:
    /// changes on the way are looked for several times in a second, so that of several in quick succession the last one is seen; its end, and that it
    /// waits for an operator, are told at once. After its end the watch ends.
    ///
    /// ```
    /// # use sagaflow::prelude::*;
    /// # #[step] async fn greet(name: String) -> String { name }
    /// # #[saga] async fn welcome(name: String) -> Result<String, Failure> { Ok(greet(name).await) }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), sagaflow::Error> {
    /// # let transport = sagaflow::connect("embedded:").await?;
    /// # let worker = Worker::builder(transport.clone()).serve::<welcome>().build()?.spawn();
    /// # let client = Client::new(transport);
    /// # client.start(welcome("Ada".into())).id("ada").await?;
    /// let mut watch = client.watch("welcome", "ada").await?;
    /// while let Some(status) = watch.next().await {
    ///     let status = status?;
    ///     println!("{}: {:?} {:?}", status.updated, status.status, status.state);
    /// }
    /// # worker.shutdown().await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is no such instance; otherwise what the transport says.
    pub async fn watch(&self, saga: &str, id: &str) -> Result<InstanceWatch, Error> {
        InstanceWatch::begin(self, &InstanceId::new(saga, id)?, false).await
    }

    /// Starts a saga again and again: at the times of a crontab expression, `client.schedule("0 3 * * *", report()).id("nightly").await?`, or at an interval,
    /// `"@every 15m"`. Its workers have to [serve schedules](crate::WorkerBuilder::serve_schedules).
    ///
    /// An expression has five fields (minute, hour, day of the month, month, day of the week), or is one of `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`; an interval
    /// is counted from now. Each run is an instance with an id that comes from its time, `nightly@2026-11-26T03:00:00Z`, so that there is one for each time,
    /// however many workers there are and whatever becomes of them. In it [`scheduled`](crate::scheduled) tells its time, and what the run before has returned.
    ///
    /// A schedule of an id that is there is replaced, and begins to count now; the same one said again changes nothing. So an application can say its schedules whenever it starts.
    ///
    /// ```
    /// use sagaflow::prelude::*;
    /// use sagaflow::{CatchUp, Overlap};
    ///
    /// #[step]
    /// async fn send(text: String) -> Result<(), Failure> {
    ///     Ok(())
    /// }
    ///
    /// #[saga]
    /// async fn report(to: String) -> Result<(), Failure> {
    ///     let run = scheduled::<()>().expect("it is started by a schedule");
    ///     send(format!("to {to}: the report of {}", run.at)).await
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), sagaflow::Error> {
    /// let transport = sagaflow::connect("embedded:").await?;
    /// let worker = Worker::builder(transport.clone()).serve::<report>().serve_schedules().build()?.spawn();
    /// let client = Client::new(transport);
    /// let nightly = client.schedule("0 3 * * *", report("Ada".into())).id("nightly").zone("Europe/Berlin");
    /// let nightly = nightly.overlap(Overlap::Queue).catch_up(CatchUp::All).await?;
    /// let run = nightly.trigger().await?;
    /// # while client.handle::<report>(run.as_str())?.status().await.is_err() { tokio::task::yield_now().await; }
    /// client.handle::<report>(run.as_str())?.outcome().await?.unwrap();
    /// assert_eq!(nightly.status().await?.next.len(), 5);
    /// # worker.shutdown().await
    /// # }
    /// ```
    ///
    /// It fails with [`ErrorKind::InvalidSchedule`](crate::ErrorKind::InvalidSchedule) for what is no schedule, with the place, or one that never comes, and for a zone that there is none of; with
    /// [`ErrorKind::AlreadyStarted`](crate::ErrorKind::AlreadyStarted) if there is a schedule of this id for another saga.
    pub fn schedule<S: Saga>(&self, when: impl Into<String>, call: Call<S>) -> ScheduleBuilder<'_, S> {
        ScheduleBuilder::new(self, when.into(), call)
    }

    /// The handle of a schedule. Whether there is one, nobody asks.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidId`](crate::ErrorKind::InvalidId) if this can't be the id of one.
    pub fn schedule_handle(&self, id: &str) -> Result<Schedule, Error> {
        schedule::handle(self, id)
    }

    /// The schedules that there are, by id.
    ///
    /// # Errors
    ///
    /// What the transport says.
    pub async fn schedules(&self) -> Result<Vec<ScheduleStatus>, Error> {
        schedule::all(self).await
    }

    /// The records that an instance has had, oldest first, each as [`status`](Self::status) would have shown it, and at last how it stands now. Former records
    /// are kept for sagas that want it: `#[saga(history = "7d")]` keeps each for seven days; of others there is only the last.
    ///
    /// ```
    /// # use sagaflow::prelude::*;
    /// #[step]
    /// async fn greet(name: String) -> String {
    ///     format!("Hello, {name}")
    /// }
    ///
    /// #[saga(history = "7d")]
    /// async fn welcome(names: Vec<String>) -> u64 {
    ///     let mut greeted = 0;
    ///     for name in names {
    ///         greet(name).await;
    ///         greeted += 1;
    ///     }
    ///     greeted
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), sagaflow::Error> {
    /// # let transport = sagaflow::connect("embedded:").await?;
    /// # let worker = Worker::builder(transport.clone()).serve::<welcome>().build()?.spawn();
    /// let client = Client::new(transport);
    /// let names = vec!["Ada".to_owned(), "Grace".to_owned()];
    /// client.start(welcome(names)).id("ladies").await?.outcome().await?.unwrap();
    /// let mut history = client.history("welcome", "ladies")?;
    /// let mut states = Vec::new();
    /// while let Some(stood) = history.next().await {
    ///     states.push(stood?.state.unwrap_or("end".to_owned()));
    /// }
    /// assert_eq!(states, ["greet", "greet", "end"]);
    /// # worker.shutdown().await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When this can't be the name of an instance. All else [`History::next`] says.
    pub fn history(&self, saga: &str, id: &str) -> Result<History, Error> {
        Ok(History::new(self, InstanceId::new(saga, id)?))
    }

    /// What a saga has [emitted](crate::emit), oldest first, and then each event as it comes: `client.events("order")?.after(position)`.
    ///
    /// # Errors
    ///
    /// When this can't be the name of a saga; [`ErrorKind::Denied`](crate::ErrorKind::Denied) for a client that isn't trusted.
    pub fn events(&self, saga: &str) -> Result<Events, Error> {
        Events::new(self, saga)
    }

    /// Lists the instances that fit a filter, one after the other: `client.list(Filter::new().status(Status::Stuck))`. Nothing is read before the first
    /// is asked for, and never more than a page is in memory.
    #[must_use]
    pub fn list(&self, filter: Filter) -> Listing {
        Listing::new(self, filter)
    }

    /// Does something to all instances that fit a filter: `client.batch(Filter::new().saga("checkout").status(Status::Stuck)).retry().await?`.
    pub fn batch(&self, filter: Filter) -> Batch<'_> {
        Batch::new(self, filter)
    }

    /// The records with which instances move, of all sagas: see [`Transport::feed`]. [`read`](Self::read) says what they mean.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    pub async fn feed(&self, after: Option<&str>) -> Result<Box<dyn Feed>, Error> {
        self.transport.feed(after).await
    }

    /// How an instance stands by a record of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unreadable`](crate::ErrorKind::Unreadable) if the record can't be read.
    pub fn read(&self, instance: &InstanceId, stored: &Stored) -> Result<InstanceStatus, Error> {
        status::read(self, instance, &stored.payload)
    }

    /// Sends a signal to an instance: `client.signal("expense", "e-7", Approved { by }).key("ada").await?`. Whether its saga ever waits for such
    /// a signal, nobody checks; [`Handle::signal`] is the same for an instance that one has the handle of.
    pub fn signal<T: crate::Signal>(&self, saga: &str, id: &str, signal: T) -> SignalBuilder<'_, T> {
        SignalBuilder::new(self, InstanceId::new(saga, id).map_err(Error::from), signal)
    }

    /// Sends a signal that has been written down, with a key that stands for the same signal for ever.
    pub(crate) async fn send_written(
        &self,
        saga: &str,
        id: &str,
        name: String,
        value: Value,
        key: String,
    ) -> Result<(), Error> {
        let sent = SentSignal { format: SIGNAL_FORMAT, name, key, value };
        signal::send_surely(self, &InstanceId::new(saga, id)?, sent).await
    }

    /// Asks an instance, and waits for its answer: `client.ask("cart", id, AddItem { price }).await?`. [`Handle::ask`] is the same for an instance
    /// that one has the handle of.
    pub fn ask<T: crate::Request>(&self, saga: &str, id: &str, request: T) -> AskBuilder<'_, T> {
        AskBuilder::new(self, InstanceId::new(saga, id).map_err(Error::from), request)
    }

    /// Resolves a [promise](crate::promise): what awaits it in the saga yields `Ok(value)`. When this returns, that is stored. A value of
    /// another type than the promise's pauses the instance.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidToken`](crate::ErrorKind::InvalidToken) if the token is none;
    /// [`ErrorKind::AlreadyResolved`](crate::ErrorKind::AlreadyResolved) if the promise has been resolved or rejected before, or the saga has
    /// given it up; [`ErrorKind::NotRunning`](crate::ErrorKind::NotRunning) if the instance unwinds or has come to its end, and
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if it is no longer there; otherwise what the transport says.
    pub async fn resolve<T>(&self, token: &str, value: T) -> Result<(), Error>
    where
        T: serde::Serialize + serde::de::DeserializeOwned,
    {
        promise::settle(self, token, Ok(value)).await
    }

    /// Rejects a [promise](crate::promise): what awaits it in the saga yields `Err(Rejected { reason })`, with the text of this error.
    ///
    /// # Errors
    ///
    /// Those of [`resolve`](Self::resolve).
    pub async fn reject(&self, token: &str, error: impl std::fmt::Display) -> Result<(), Error> {
        let rejected = crate::Rejected { reason: format!("{error:#}") };
        promise::settle::<()>(self, token, Err(rejected)).await
    }

    /// Cancels an instance: at the next boundary it unwinds, and its outcome is a fault of the kind
    /// [`Cancelled`](crate::FaultKind::Cancelled). A step that is being run is not stopped; it can ask whether it is to
    /// end early ([`StepContext::is_cancelled`](crate::StepContext::is_cancelled)). Cancelling twice, or an instance that unwinds already, changes
    /// nothing, also when it has come to its end by the first. This returns when the request is stored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is no such instance; [`ErrorKind::NotRunning`](crate::ErrorKind::NotRunning)
    /// if it has come to another end, or waits for an operator; otherwise what the transport says.
    pub async fn cancel(&self, saga: &str, id: &str) -> Result<(), Error> {
        post::cancel(self, &InstanceId::new(saga, id)?).await
    }

    /// The time on its clock.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    fn definition<S: Saga>(&self) -> Arc<SagaDefinition> {
        let mut definitions = self.definitions.lock().unwrap_or_else(PoisonError::into_inner);
        definitions.entry(TypeId::of::<S>()).or_insert_with(|| Arc::new(SagaDefinition::of::<S>())).clone()
    }
}
