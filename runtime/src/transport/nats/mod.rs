//! The NATS JetStream transport.
//!
//! An instance is a subject of a stream that keeps one message per subject; an append is one publish on the condition
//! that the instance's last sequence is still the one that the worker saw. **What the server answers to that publish
//! is all that decides**; acknowledgements of deliveries are a courtesy that may get lost.
//!
//! `layout` says which streams and subjects there are, `provision` (with `settings`) makes and checks them, `connect` (with `target`,
//! `auth`, `tls`) reaches the server, `append` (with `publish`), `read`, `deliveries` (with `workers`, `pull`, `ack`) and `watch` are the parts
//! of the contract, `notes` keeps what is done beside a record, `mail` what is sent to an instance, `log` what is written down for others (`purge` and `sides` see to what is over), `ingress` takes what clients hand in that aren't trusted, `timers` parks long waits, `sweep` (with `scan`, `signs`)
//! finds what all else has lost, `link`, `denials` and `fault` know how the connection fares, what this user may not do and what
//! answers mean. `docs/nats.md` tells it to operators.

mod ack;
mod append;
mod auth;
mod connect;
mod deliveries;
mod denials;
mod fault;
mod feed;
mod hands;
mod ingress;
mod layout;
mod link;
mod log;
mod mail;
mod notes;
mod provision;
mod publish;
mod pull;
mod purge;
mod read;
mod scan;
mod settings;
mod sides;
mod signs;
mod sweep;
mod target;
#[cfg(test)]
mod tests;
mod timers;
mod tls;
mod watch;
mod workers;

pub use provision::{Provision, Provisioned, provision};

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream;
use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::sync::{OnceCell, watch as channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::{
    Append, AppendError, ConnectOptions, Deliveries, DeliveryOptions, Discard, Enter, EnterError, Entries, Feed,
    InstanceId, Line, Log, Logged, Mail, Note, Of, Post, RecordPage, Revision, Stored, Transport, Watch,
};
use crate::{Error, ErrorKind};
use layout::Layout;
use link::Link;
use publish::Publisher;
use target::Target;

/// How long one request to the server may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long closing waits for each of its parts.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Of the server's limit on a message, what is left to the headers.
const HEADER_RESERVE: usize = 1024;

/// Connects to a NATS server, and makes the streams of records of [`ConnectOptions::prefix`] if they are not there.
///
/// `url` may name several servers with commas, and carry `USER:PASSWORD@` or `TOKEN@`, with signs that a URL
/// does not allow there written as `%XX`.
///
/// # Errors
///
/// [`ErrorKind::InvalidUrl`]; [`ErrorKind::InvalidOptions`]; [`ErrorKind::Tls`]; [`ErrorKind::Unreachable`] after [`ConnectOptions::connect_timeout`];
/// [`ErrorKind::Denied`] for wrong credentials or missing permissions; [`ErrorKind::UnsuitableServer`] for a server that
/// is older than 2.14 or has no JetStream; [`ErrorKind::Mismatch`] if a stream exists and has other settings.
pub async fn open(url: &str, options: &ConnectOptions) -> Result<Arc<dyn Transport>, Error> {
    Ok(Arc::new(NatsTransport::open(url, options).await?))
}

/// Carries records over NATS JetStream; made by [`open`] or [`connect`](super::connect).
///
/// A dropped or closed stream of deliveries hands back what it had not yielded. `docs/nats.md` says which permissions workers and
/// clients need.
#[derive(Clone)]
pub struct NatsTransport {
    carrier: Arc<Carrier>,
}

/// What all parts of one open transport share.
struct Carrier {
    name: String,
    client: async_nats::Client,
    context: jetstream::Context,
    publisher: Publisher,
    layout: Layout,
    link: Link,
    closed: channel::Sender<bool>,
    /// Tasks that hand back what dropped deliveries had not yielded: closing waits for them.
    handing_back: Mutex<Vec<JoinHandle<()>>>,
    /// Set when the streams that only workers need are known to be there.
    workers_streams: OnceCell<()>,
    /// The same for that of the mail.
    mail_stream: OnceCell<()>,
    /// And for those of the logs.
    events_stream: OnceCell<()>,
    history_stream: OnceCell<()>,
    purges: purge::Purges,
    sweep_every: Duration,
    /// This process isn't trusted: it hands in, and reads no more than single records.
    hands_in: bool,
}

impl NatsTransport {
    /// See [`open`], of which this is the form with a name for its result.
    ///
    /// # Errors
    ///
    /// Those of [`open`].
    pub async fn open(url: &str, options: &ConnectOptions) -> Result<Self, Error> {
        let deadline = Instant::now() + options.connect_timeout;
        let carrier = Carrier::connect(url, options, deadline).await?;
        if !carrier.hands_in {
            carrier.ensure_records(deadline).await?;
        }
        Ok(Self { carrier: Arc::new(carrier) })
    }
}

/// The client's view of JetStream.
fn context(client: &async_nats::Client) -> jetstream::Context {
    jetstream::context::ContextBuilder::new().timeout(REQUEST_TIMEOUT).build(client.clone())
}

impl Transport for NatsTransport {
    fn append<'a>(&'a self, append: Append<'a>) -> BoxFuture<'a, Result<Revision, AppendError>> {
        Box::pin(append::append(&self.carrier, append))
    }

    fn latest<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Option<Stored>, Error>> {
        Box::pin(read::latest(&self.carrier, instance))
    }

    fn deliveries<'a>(
        &'a self,
        saga: &'a str,
        options: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Deliveries>, Error>> {
        Box::pin(async move {
            let deliveries = deliveries::NatsDeliveries::join(&self.carrier, saga, options).await?;
            Ok(Box::new(deliveries) as Box<dyn Deliveries>)
        })
    }

    fn watch<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Box<dyn Watch>, Error>> {
        Box::pin(async move {
            let watch = watch::NatsWatch::begin(&self.carrier, instance).await?;
            Ok(Box::new(watch) as Box<dyn Watch>)
        })
    }

    fn note<'a>(&'a self, note: Note<'a>) -> BoxFuture<'a, Result<(), AppendError>> {
        Box::pin(notes::note(&self.carrier, note))
    }

    fn notes<'a>(&'a self, instance: &'a InstanceId, of: Revision) -> BoxFuture<'a, Result<Vec<Bytes>, Error>> {
        Box::pin(notes::notes(&self.carrier, instance, of))
    }

    fn post<'a>(&'a self, post: Post<'a>) -> BoxFuture<'a, Result<u64, AppendError>> {
        Box::pin(mail::post(&self.carrier, post))
    }

    fn mail<'a>(
        &'a self,
        instance: &'a InstanceId,
        name: &'a str,
        after: u64,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Mail>, Error>> {
        Box::pin(mail::mail(&self.carrier, instance, name, after, most))
    }

    fn mailbox<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Vec<(String, u64)>, Error>> {
        Box::pin(mail::mailbox(&self.carrier, instance))
    }

    fn records<'a>(
        &'a self,
        saga: Option<&'a str>,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<RecordPage, Error>> {
        Box::pin(feed::records(&self.carrier, saga, after))
    }

    fn discard<'a>(&'a self, instance: &'a InstanceId, which: Discard<'a>) -> BoxFuture<'a, ()> {
        Box::pin(async move { mail::discard(&self.carrier, instance, which) })
    }

    fn write_line<'a>(&'a self, line: Line<'a>) -> BoxFuture<'a, Result<u64, AppendError>> {
        Box::pin(log::write_line(&self.carrier, line))
    }

    fn lines<'a>(&'a self, log: Log, of: Of<'a>, after: u64, most: usize) -> BoxFuture<'a, Result<Vec<Logged>, Error>> {
        Box::pin(log::lines(&self.carrier, log, of, after, most))
    }

    fn feed<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<Box<dyn Feed>, Error>> {
        Box::pin(async move { Ok(Box::new(feed::NatsFeed::begin(&self.carrier, after)?) as Box<dyn Feed>) })
    }

    fn hands_in(&self) -> bool {
        self.carrier.hands_in
    }

    fn enter<'a>(&'a self, entry: Enter<'a>) -> BoxFuture<'a, Result<(), EnterError>> {
        Box::pin(ingress::enter(&self.carrier, entry))
    }

    fn entries<'a>(
        &'a self,
        saga: &'a str,
        options: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Option<Box<dyn Entries>>, Error>> {
        Box::pin(async move {
            let entries = ingress::NatsEntries::join(&self.carrier, saga, options).await?;
            Ok(Some(Box::new(entries) as Box<dyn Entries>))
        })
    }

    fn max_record(&self) -> usize {
        self.carrier.max_record()
    }

    fn name(&self) -> String {
        self.carrier.name.clone()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.carrier.close())
    }
}

impl Carrier {
    /// Reaches the server, and looks whether it will do.
    async fn connect(url: &str, options: &ConnectOptions, deadline: Instant) -> Result<Self, Error> {
        let layout = Layout::new(options)?;
        let target = Target::parse(url)?;
        let (client, link) = connect::connect(&target, options, deadline).await?;
        let context = context(&client);
        let publisher = Publisher::start(&client, &link).await?;
        connect::check_version(&client, &target.name)?;
        if !options.ingress {
            connect::check_jetstream(&client, &context, &link, &target.name, deadline).await?;
        }
        let (closed, _) = channel::channel(false);
        let (name, sweep_every, hands_in) = (target.name, options.sweep_every, options.ingress);
        let (handing_back, purges) = (Mutex::default(), purge::Purges::default());
        let (workers_streams, mail_stream) = (OnceCell::new(), OnceCell::new());
        let (events_stream, history_stream) = (OnceCell::new(), OnceCell::new());
        Ok(Self {
            name,
            client,
            context,
            publisher,
            layout,
            link,
            closed,
            handing_back,
            workers_streams,
            mail_stream,
            events_stream,
            history_stream,
            purges,
            sweep_every,
            hands_in,
        })
    }

    fn max_record(&self) -> usize {
        self.client.max_payload().saturating_sub(HEADER_RESERVE)
    }

    fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.is_closed() {
            return Err(Error::new(ErrorKind::Closed, format!("the transport {} has been closed", self.name)));
        }
        Ok(())
    }

    /// Deliveries that end now hand themselves back before this connection ends.
    fn will_hand_back(&self, task: JoinHandle<()>) {
        let mut tasks = self.handing_back.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|task| !task.is_finished());
        tasks.push(task);
    }

    async fn close(&self) -> Result<(), Error> {
        if self.closed.send_replace(true) {
            return Ok(());
        }
        let tasks = std::mem::take(&mut *self.handing_back.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // A task that panicked or hangs has nothing left to hand back in time; the ack wait sees to the rest.
            let _ = timeout(CLOSE_TIMEOUT, task).await;
        }
        let flushed = timeout(CLOSE_TIMEOUT, self.client.flush()).await;
        // The only failure is that the connection has ended already, which is what is wanted.
        let _ = self.client.drain().await;
        let _ = timeout(CLOSE_TIMEOUT, self.link.ended()).await;
        match flushed {
            Ok(Ok(())) => Ok(()),
            _ => Err(Error::new(
                ErrorKind::Unreachable,
                format!(
                    "{} did not answer while closing: acknowledgements may be lost (their records come again)",
                    self.name
                ),
            )),
        }
    }
}

impl fmt::Debug for NatsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.carrier, f)
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsTransport").field("name", &self.name).field("layout", &self.layout).finish_non_exhaustive()
    }
}
