//! Starting an instance: one append on the condition that the id is free.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::Serialize;
use tracing::{Instrument, Span};

use super::ask;
use super::begin::{self, Begin};
use super::post::Mailing;
use super::{Client, Handle, PreparedStart, enter, id};
use crate::definition::SagaDefinition;
use crate::durable::{Request, Signal};
use crate::engine::{self, RESERVE};
use crate::record::{self, Frame, Record, START_FORMAT, Start, TraceContext, Value};
use crate::spans;
use crate::transport::{Append, AppendError, InstanceId, Revision};
use crate::turns::Join;
use crate::{Call, Error, ErrorKind, Saga, about, appending, ends, machine};

/// For so long a start tries to get an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to do when an instance of the id exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum IfExists {
    /// Take its handle, as if this call had started it: starting is idempotent. Its arguments are those of the first start.
    #[default]
    Attach,
    /// Fail with [`ErrorKind::AlreadyStarted`]. If the transport's answer to an append was lost, that may be the answer
    /// to one's own start, too; and by the ingress, two that start at the same time may both be told that they did.
    Refuse,
    /// If it has come to its end, start it anew: a new life of the same id. If it runs, attach to it. Not by the ingress.
    Restart,
}

/// A start that is put together; `.await` it.
#[derive(Debug)]
#[must_use = "nothing is started until it is awaited"]
pub struct StartBuilder<'c, S> {
    client: &'c Client,
    call: Call<S>,
    id: Option<Arc<str>>,
    if_exists: IfExists,
    traceparent: Option<String>,
    tracestate: Option<String>,
    begins: Option<Timestamp>,
    attributes: Vec<(String, Result<Value, String>)>,
}

impl<'c, S: Saga> StartBuilder<'c, S> {
    pub(super) fn new(client: &'c Client, call: Call<S>) -> Self {
        Self {
            client,
            call,
            id: None,
            if_exists: IfExists::default(),
            traceparent: None,
            tracestate: None,
            begins: None,
            attributes: Vec::new(),
        }
    }

    /// The instance's id; unique within its saga, and what makes the start idempotent. Without one, a random one is made.
    pub fn id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// What to do when an instance of the id exists. Default: attach to it.
    pub fn if_exists(mut self, if_exists: IfExists) -> Self {
        self.if_exists = if_exists;
        self
    }

    /// When it is to begin: until then none of its code is run. It exists from now on: it can be looked at, listed, cancelled, and its id is taken. A time that has
    /// passed is now. A deadline of the saga counts from that time on.
    ///
    /// ```
    /// # use sagaflow::prelude::*;
    /// # #[step] async fn greet(name: String) -> String { name }
    /// # #[saga] async fn welcome(name: String) -> Result<String, Failure> { Ok(greet(name).await) }
    /// # async fn run(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let new_year = "2027-01-01T00:00:00[Europe/Vienna]".parse::<jiff::Zoned>()?.timestamp();
    /// client.start(welcome("Ada".into())).id("ada-2027").at(new_year).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn at(mut self, time: Timestamp) -> Self {
        self.begins = Some(time);
        self
    }

    /// Attaches an attribute to the instance, to find it by: see [`attribute`](crate::attribute). Of a start that finds an instance of its id, they count for
    /// nothing.
    ///
    /// The start fails with [`ErrorKind::InvalidAttribute`] for what can't be one.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        let value = about::checked(&name, &value);
        self.attributes.push((name, value));
        self
    }

    /// The trace that the instance is to belong to: the `traceparent` of W3C Trace Context, as a request's header brings it, say.
    /// It stays in the instance's record, and all its spans belong to that trace. One that can't be read is left out,
    /// with a line in the log, as its specification wants.
    ///
    /// With the feature `opentelemetry` the trace of the current span is taken, and nothing needs to be said here.
    ///
    /// ```
    /// # use sagaflow::prelude::*;
    /// # #[step] async fn greet(name: String) -> String { name }
    /// # #[saga] async fn welcome(name: String) -> Result<String, Failure> { Ok(greet(name).await) }
    /// # async fn run(client: &Client) -> Result<(), sagaflow::Error> {
    /// let from_header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    /// let handle = client.start(welcome("Ada".into())).traceparent(from_header).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn traceparent(mut self, traceparent: impl Into<String>) -> Self {
        self.traceparent = Some(traceparent.into());
        self
    }

    /// The `tracestate` that belongs to the [`traceparent`](Self::traceparent): up to 512 bytes are carried along, a longer one is left out.
    pub fn tracestate(mut self, tracestate: impl Into<String>) -> Self {
        self.tracestate = Some(tracestate.into());
        self
    }

    fn trace(&self) -> Option<TraceContext> {
        let given = self.traceparent.as_deref()?;
        let trace = TraceContext::new(given, self.tracestate.as_deref());
        if trace.is_none() {
            tracing::warn!(traceparent = ?given, "this is no traceparent: the instance is started without a trace");
        }
        trace
    }

    async fn start(self) -> Result<Handle<S>, Error> {
        let (client, if_exists) = (self.client, self.if_exists);
        let (instance, start, span) = self.put_together()?;
        if client.transport.hands_in() {
            enter::enter(client, &instance, start, if_exists).instrument(span).await?;
            return Ok(Handle::entered(client.clone(), instance));
        }
        let (definition, now) = (client.definition::<S>(), client.clock.now());
        if if_exists == IfExists::Restart {
            let first = engine::beginning(&instance, start, now);
            restarted(client, &instance, &definition, first).instrument(span).await?;
        } else {
            let first = engine::start(&definition, &instance, start, now);
            launched(client, &instance, &first, if_exists).instrument(span).await?;
        }
        Ok(Handle::new(client.clone(), instance))
    }

    /// Starts the instance with a signal, in one durable act; or sends it the signal, if it is there already:
    /// `client.start(cart(user)).id("ada").signal(AddItem { price }).await?`.
    ///
    /// To one that has come to its end the signal is refused ([`ErrorKind::NotRunning`]), unless it is to be started anew with
    /// [`if_exists(IfExists::Restart)`](IfExists::Restart): then this returns when the signal has been *taken*, so that none is lost in the instant of the end.
    ///
    /// ```
    /// use sagaflow::prelude::*;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[signal]
    /// #[derive(Serialize, Deserialize)]
    /// struct Visit {
    ///     page: u32,
    /// }
    ///
    /// #[saga]
    /// async fn visitor() -> Result<Vec<u32>, Failure> {
    ///     let mut pages = Vec::new();
    ///     while pages.len() < 2 {
    ///         let Visit { page } = signal::<Visit>().await;
    ///         pages.push(page);
    ///     }
    ///     Ok(pages)
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), sagaflow::Error> {
    /// let transport = sagaflow::connect("embedded:").await?;
    /// let worker = Worker::builder(transport.clone()).serve::<visitor>().build()?.spawn();
    /// let client = Client::new(transport);
    /// let handle = client.start(visitor()).id("ada").signal(Visit { page: 7 }).await?;
    /// client.start(visitor()).id("ada").signal(Visit { page: 9 }).await?;
    /// assert_eq!(handle.outcome().await?.unwrap(), [7, 9]);
    /// // A new life.
    /// let visit = client.start(visitor()).id("ada").if_exists(IfExists::Restart).signal(Visit { page: 1 });
    /// assert!(visit.await?.status().await?.output.is_none());
    /// worker.shutdown().await
    /// # }
    /// ```
    pub fn signal<T: Signal>(self, signal: T) -> StartAndSignal<'c, S, T> {
        StartAndSignal { start: self, signal, key: None }
    }

    /// Starts the instance with a request, in one durable act, or asks it, if it is there already; and waits for the answer, while the rest goes on:
    /// `let total = client.start(cart(user)).id("ada").ask(AddItem { price }).await?`. See [`signal`](Self::signal) and [`Client::ask`].
    pub fn ask<T: Request>(self, request: T) -> StartAndAsk<'c, S, T> {
        StartAndAsk { start: self, request, key: None }
    }

    /// How it is to be begun, and whose start it is.
    pub(super) fn begin(self) -> Result<(&'c Client, InstanceId, Begin), Error> {
        let (client, if_exists) = (self.client, self.if_exists);
        let (instance, start, _span) = self.put_together()?;
        let first = engine::beginning(&instance, start, client.clock.now());
        let begin = Begin { first, definition: client.definition::<S>(), if_exists };
        Ok((client, instance, begin))
    }

    /// Writes the start down instead of making it: for an outbox, or somebody who makes it later
    /// ([`Client::start_prepared`]).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidId`] if the id can't be one; [`ErrorKind::Unserializable`] if the arguments can't be written;
    /// [`ErrorKind::TooLarge`] if they are more than the transport takes.
    pub fn prepare(self) -> Result<PreparedStart, Error> {
        let client = self.client;
        let (instance, start, _) = self.put_together()?;
        // Found here, where somebody hears of it, and not where the start is made.
        enter::encode(client, &instance, &start)?;
        Ok(PreparedStart { instance, start })
    }

    /// Whose start it is, and what there is to know of it.
    fn put_together(self) -> Result<(InstanceId, Start, Span), Error> {
        let instance = InstanceId::new(S::NAME, self.id.clone().unwrap_or_else(|| id::random().into()))?;
        let given = self.trace();
        let span = spans::start(&instance, given.as_ref());
        let Frame { version, vars: arguments, .. } = self.arguments()?;
        let (trace, begins) = (spans::to_carry(&span, given), self.begins);
        let mut attributes = BTreeMap::new();
        let invalid =
            |why: String| Error::new(ErrorKind::InvalidAttribute, format!("{instance} can't be started: {why}"));
        for (name, value) in self.attributes {
            let one = BTreeMap::from([(name, value.map_err(invalid)?)]);
            about::attach(&mut attributes, one).map_err(invalid)?;
        }
        let start = Start { format: START_FORMAT, version, arguments, trace, begins, scheduled: None, attributes };
        Ok((instance, start, span))
    }

    fn arguments(&self) -> Result<Frame, Error> {
        machine::first_frame(&self.call.message).map_err(|error| {
            let text = format!("the arguments of `{}` can't be written: {error}", S::NAME);
            Error::new(ErrorKind::Unserializable, text)
        })
    }
}

/// Appends the first record of an instance, on the condition that there is none.
pub(super) async fn launched(
    client: &Client,
    instance: &InstanceId,
    first: &Record,
    if_exists: IfExists,
) -> Result<(), Error> {
    match append_first(client, instance, first, None).await? || if_exists == IfExists::Attach {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::AlreadyStarted, format!("{instance} has been started before"))),
    }
}

/// Starts an instance, also if one has come to its end; if one runs, that is attached to.
async fn restarted(
    client: &Client,
    instance: &InstanceId,
    definition: &SagaDefinition,
    first: Box<Record>,
) -> Result<(), Error> {
    let begun = |record| engine::begun(definition, record, client.clock.now());
    if append_first(client, instance, &begun(first.clone()), None).await? {
        return Ok(());
    }
    while let Some((former, revision)) = begin::end_of_former(client, instance).await? {
        let mut next = first.clone();
        begin::anew(&mut next, &former);
        if append_first(client, instance, &begun(next), Some(revision)).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Appends a first record on a condition. `false`: it does not hold.
pub(super) async fn append_first(
    client: &Client,
    instance: &InstanceId,
    first: &Record,
    after: Option<Revision>,
) -> Result<bool, Error> {
    let payload = record::encode(&*client.codec, first)
        .map_err(|error| Error::new(ErrorKind::Unserializable, format!("{instance} can't be started: {error}")))?;
    let too_large = |size, limit| {
        let about = engine::about_size(first, size, limit);
        Error::new(ErrorKind::TooLarge, format!("{instance} can't be started: {about}"))
    };
    let limit = client.transport.max_record().saturating_sub(RESERVE);
    if payload.len() > limit {
        return Err(too_large(payload.len(), limit));
    }
    let quiet = !first.status.is_at_rest() && first.answers.is_empty();
    let not_before = engine::wakes(first, client.clock.now()).map(SystemTime::from);
    let deliver = ends::first_is_to_be_taken_up(first);
    let append = Append { not_before, quiet, deliver, ..Append::new(instance, after, payload) };
    let appended = appending::append(&*client.transport, append, PATIENCE, |_| {}).await;
    match appended.map_err(|failed| failed.error) {
        Ok(_) => {
            // So that those who are started one after the other stand in line so. If it can't be done here, a worker does it.
            if let Some(line) = &first.line
                && let Err(error) = Box::pin(client.queue_up(&Join::of(first, line), &line.of)).await
            {
                tracing::debug!(%instance, "is put into its line by a worker: {error}");
            }
            Ok(true)
        }
        Err(AppendError::Superseded { .. }) => Ok(false),
        Err(AppendError::TooLarge { size, limit }) => Err(too_large(size, limit)),
        Err(error) => {
            let kind = match &error {
                AppendError::Busy(_) | AppendError::Undecided => ErrorKind::Busy,
                AppendError::Refused(_) => ErrorKind::Denied,
                _ => ErrorKind::Unreachable,
            };
            if let AppendError::Refused(why) = &error {
                return Err(Error::new(kind, format!("{instance} was not started: {why}")).caused_by(error));
            }
            let text =
                format!("{instance}: whether it was started is not known, and it is safe to start it again: {error}");
            Err(Error::new(kind, text).caused_by(error))
        }
    }
}

impl<'c, S: Saga> IntoFuture for StartBuilder<'c, S> {
    type Output = Result<Handle<S>, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    /// Starts the instance.
    ///
    /// The code before the saga's first step is run here, in the client, if it comes to a step; otherwise a worker runs it.
    /// Where starts go by the ingress ([`ConnectOptions::ingress`](crate::ConnectOptions::ingress)), a worker runs it in any case. This
    /// returns when the start is stored there. It fails at once with [`ErrorKind::Busy`], and nothing stored, if the ingress is full.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.start())
    }
}

/// A start with a signal that is put together; `.await` it. See [`StartBuilder::signal`].
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct StartAndSignal<'c, S, T> {
    start: StartBuilder<'c, S>,
    signal: T,
    key: Option<String>,
}

impl<S: Saga, T: Signal> StartAndSignal<'_, S, T> {
    /// Names this signal; see [`SignalBuilder::key`](super::SignalBuilder::key). The signal that an instance was started with is dropped also after
    /// its end, if it comes again with its key.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

impl<'c, S: Saga, T: Signal + Sync> IntoFuture for StartAndSignal<'c, S, T> {
    type Output = Result<Handle<S>, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    /// Starts the instance, or sends it the signal.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mailing = Mailing::new(T::NAME.to_owned(), None, &self.signal, self.key)?;
            let (client, instance, begin) = self.start.begin()?;
            begin::signal(client, &instance, mailing, &begin, T::NAME).await?;
            Ok(Handle::new(client.clone(), instance))
        })
    }
}

/// A start with a request that is put together; `.await` it. See [`StartBuilder::ask`].
#[derive(Debug)]
#[must_use = "nothing is asked until it is awaited"]
pub struct StartAndAsk<'c, S, T> {
    start: StartBuilder<'c, S>,
    request: T,
    key: Option<String>,
}

impl<S: Saga, T: Request> StartAndAsk<'_, S, T> {
    /// Names this request; see [`AskBuilder::key`](super::AskBuilder::key).
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

impl<'c, S: Saga, T: Request + Sync> IntoFuture for StartAndAsk<'c, S, T> {
    type Output = Result<T::Reply, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    /// Starts the instance, or asks it, and waits for the answer.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (client, instance, begin) = self.start.begin()?;
            ask::ask::<T>(client, &instance, &self.request, self.key, Some(&begin)).await
        })
    }
}
