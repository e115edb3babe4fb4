//! The NATS JetStream transport.
//!
//! An instance is a subject of a stream that keeps one message per subject; an append is one publish on the condition
//! that the instance's last sequence is still the one that the worker saw. **What the server answers to that publish
//! is all that decides**; acknowledgements of deliveries are a courtesy that may get lost.
//!
//! `layout` says which streams and subjects there are, `connect` reaches the server and checks it, `append`,
//! `read`, `deliveries` (with `workers`, `pull`, `ack`) and `watch` are the parts of the contract, `timers` parks
//! long waits, `sweep` (with `scan`, `signs`) finds what all else has lost, `link` and `fault` know how the connection fares and
//! what refusals mean. `docs/nats.md` tells it to operators.

mod ack;
mod append;
mod connect;
mod deliveries;
mod fault;
mod hands;
mod layout;
mod link;
mod pull;
mod read;
mod scan;
mod signs;
mod sweep;
#[cfg(test)]
mod tests;
mod timers;
mod watch;
mod workers;

pub use layout::provision;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream;
use futures::future::BoxFuture;
use tokio::sync::watch as channel;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::{
    Append, AppendError, ConnectOptions, Deliveries, DeliveryOptions, InstanceId, Revision, Stored, Transport, Watch,
};
use crate::{Error, ErrorKind};
use layout::Layout;
use link::Link;

/// How long one request to the server may take. An append that takes longer is answered by
/// [`AppendError::Unknown`].
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long closing waits for each of its parts.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Appends on their way at one time; beyond that, appending waits. At 50,000 appends per second, this is one second of them.
const APPENDS_IN_FLIGHT: usize = 50_000;

/// Of the server's limit on a message, what is left to the headers.
const HEADER_RESERVE: usize = 1024;

/// Connects to a NATS server, and makes the streams of [`ConnectOptions::prefix`] if they are not there.
///
/// `url` may name several servers with commas, and carry `USER:PASSWORD@` or `TOKEN@`, with signs that a URL
/// does not allow there written as `%XX`.
///
/// # Errors
///
/// [`ErrorKind::InvalidUrl`]; [`ErrorKind::Unreachable`] after [`ConnectOptions::connect_timeout`];
/// [`ErrorKind::Denied`] for wrong credentials or missing permissions; [`ErrorKind::UnsuitableServer`] for a server that
/// is older than 2.14 or has no JetStream; [`ErrorKind::Mismatch`] if a stream exists and has other settings.
pub async fn open(url: &str, options: &ConnectOptions) -> Result<Arc<dyn Transport>, Error> {
    Ok(Arc::new(NatsTransport::open(url, options).await?))
}

/// Carries records over NATS JetStream; made by [`open`] or [`connect`](super::connect).
///
/// A dropped or closed stream of deliveries hands back what it had not yielded. The worker's user needs the
/// permissions to publish to `PREFIX.*.>`, `$JS.API.>` and `$JS.ACK.>` and to subscribe to `_INBOX.>` and `PREFIX.watch.>`;
/// nobody but the server should be allowed to publish to `PREFIX.watch.>`.
#[derive(Clone)]
pub struct NatsTransport {
    carrier: Arc<Carrier>,
}

/// What all parts of one open transport share.
struct Carrier {
    name: String,
    client: async_nats::Client,
    context: jetstream::Context,
    layout: Layout,
    link: Link,
    closed: channel::Sender<bool>,
    /// Tasks that hand back what dropped deliveries had not yielded: closing waits for them.
    handing_back: Mutex<Vec<JoinHandle<()>>>,
    sweep_every: Duration,
}

impl NatsTransport {
    /// See [`open`], of which this is the form with a name for its result.
    ///
    /// # Errors
    ///
    /// Those of [`open`].
    pub async fn open(url: &str, options: &ConnectOptions) -> Result<Self, Error> {
        let layout = Layout::new(options)?;
        let target = connect::Target::parse(url)?;
        let deadline = Instant::now() + options.connect_timeout;
        let (client, link) = connect::connect(&target, deadline, options.connect_timeout).await?;
        let context = context(&client);
        connect::check_server(&client, &context, &link, &target.name, deadline).await?;
        layout::provision_streams(&context, &link, &layout, deadline).await?;
        let (closed, _) = channel::channel(false);
        let handing_back = Mutex::default();
        let (name, sweep_every) = (target.name, options.sweep_every);
        let carrier = Carrier { name, client, context, layout, link, closed, handing_back, sweep_every };
        Ok(Self { carrier: Arc::new(carrier) })
    }
}

/// The client's view of JetStream, with limits that suit tens of thousands of appends per second.
fn context(client: &async_nats::Client) -> jetstream::Context {
    jetstream::context::ContextBuilder::new()
        .timeout(REQUEST_TIMEOUT)
        .max_ack_inflight(APPENDS_IN_FLIGHT)
        .backpressure_on_inflight(true)
        .build(client.clone())
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
