//! Starting an instance: one append on the condition that the id is free.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::Serialize;
use tracing::{Instrument, Span};

use super::{Client, Handle, PreparedStart, enter, id};
use crate::engine::{self, RESERVE};
use crate::record::{self, Frame, Record, START_FORMAT, Start, TraceContext, Value};
use crate::spans;
use crate::transport::{Append, AppendError, InstanceId};
use crate::{Call, Error, ErrorKind, Saga, about, appending, machine};

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
        let now = client.clock.now();
        let first = engine::start(&client.definition::<S>(), &instance, start, now);
        launched(client, &instance, &first, if_exists).instrument(span).await?;
        Ok(Handle::new(client.clone(), instance))
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
        let start = Start { format: START_FORMAT, version, arguments, trace, begins, attributes };
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
    let quiet = !first.status.is_at_rest();
    let not_before = engine::wakes(first, client.clock.now()).map(SystemTime::from);
    let append = Append { not_before, quiet, ..Append::new(instance, None, payload) };
    let appended = appending::append(&*client.transport, append, PATIENCE, |_| {}).await;
    match appended.map_err(|failed| failed.error) {
        Ok(_) => Ok(()),
        Err(AppendError::Superseded { .. }) if if_exists == IfExists::Attach => Ok(()),
        Err(AppendError::Superseded { .. }) => {
            Err(Error::new(ErrorKind::AlreadyStarted, format!("{instance} has been started before")))
        }
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
