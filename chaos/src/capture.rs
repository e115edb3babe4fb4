//! Writes down every record that a server says it has stored. It goes to the servers directly, not by the proxies.
//!
//! The streams of the records are set to send each message once more (republish), with its sequence and its time; the header
//! with its condition is left on it. **A second stream can't take these messages**: it would hold the condition
//! against its own sequences, and refuse most of them. And a stream that has the records' streams as its sources takes the
//! condition away, and only gets what is still there when it looks. So this program listens itself, at every server.
//!
//! What a killed server has stored and not sent on is missing here. The audit finds each such gap by the conditions, and
//! fills it from what the proxies have seen. At the end the last records are read from the streams.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::header::HeaderMap;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::stream::Republish;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Subscriber};
use futures::StreamExt;
use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::Failed;
use crate::effects::Nanos;
use crate::evidence::{Book, Captured, instance, raw};
use crate::proxy::tap::CONDITION;

/// Where the streams send what they store.
const CAPTURED: &str = "captured";

/// How long the last messages may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// More than can come between two turns of its task.
const CAPACITY: usize = 1 << 20;

/// Listens at all servers.
#[derive(Debug)]
pub(crate) struct Capture {
    /// One for each server, in their order.
    clients: Vec<Client>,
    writing: Vec<(JoinHandle<()>, tokio::sync::oneshot::Sender<()>)>,
    sink: Arc<Sink>,
}

#[derive(Debug)]
struct Sink {
    book: Book,
    /// What was written down: several servers say the same.
    seen: Mutex<HashSet<u64>>,
}

/// A connection to one server and to no other.
///
/// # Errors
///
/// When it isn't there.
async fn connect(server: SocketAddr) -> Result<Client, Failed> {
    let options = ConnectOptions::new()
        .name("chaos")
        .subscription_capacity(CAPACITY)
        .connection_timeout(Duration::from_secs(5))
        .request_timeout(Some(Duration::from_secs(5)))
        .ping_interval(Duration::from_secs(5))
        .max_reconnects(None)
        // At once: what is stored before it listens again is missing.
        .reconnect_delay_callback(|_| Duration::from_millis(10));
    Ok(options.connect(format!("nats://{server}")).await?)
}

impl Capture {
    /// Begins to listen; when this returns, nothing is missed any more.
    ///
    /// # Errors
    ///
    /// When a server can't be reached.
    pub(crate) async fn begin(servers: &[SocketAddr], book: Book) -> Result<Self, Failed> {
        let sink = Arc::new(Sink { book, seen: Mutex::default() });
        let (mut clients, mut writing) = (Vec::new(), Vec::new());
        for server in servers {
            let client = connect(*server).await?;
            let subscriber = client.subscribe(format!("{CAPTURED}.>")).await?;
            client.flush().await?;
            let (end, ended) = tokio::sync::oneshot::channel();
            writing.push((tokio::spawn(write(subscriber, Arc::clone(&sink), ended)), end));
            clients.push(client);
        }
        Ok(Self { clients, writing, sink })
    }

    /// Has the streams of the records send what they store. Before that, nothing may be stored.
    ///
    /// # Errors
    ///
    /// When a stream can't be set so.
    pub(crate) async fn attach(&self, prefix: &str, streams: &[String]) -> Result<(), Failed> {
        let context = jetstream::new(self.clients[0].clone());
        for name in streams {
            let mut config = context.get_stream(name).await?.cached_info().config.clone();
            config.republish = Some(Republish {
                source: format!("{prefix}.*.*.*"),
                destination: format!("{CAPTURED}.{{{{wildcard(1)}}}}.{{{{wildcard(2)}}}}.{{{{wildcard(3)}}}}"),
                headers_only: false,
            });
            context.update_stream(config).await?;
        }
        Ok(())
    }

    /// The connections to the servers, in their order.
    pub(crate) fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// Takes what is still under way, then reads what the streams hold.
    ///
    /// # Errors
    ///
    /// When a stream can't be read.
    pub(crate) async fn finish(self, streams: &[String]) -> Result<(), Failed> {
        for client in &self.clients {
            // The answer comes after all that was sent before.
            timeout(PATIENCE, client.flush()).await??;
        }
        for (task, end) in self.writing {
            // Fails if the task has ended, which awaiting it shows.
            let _ = end.send(());
            timeout(PATIENCE, task).await??;
        }
        let mut failed = None;
        for client in &self.clients {
            match read(&jetstream::new(client.clone()), streams, &self.sink).await {
                Ok(()) => return Ok(self.sink.book.flush()?),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(|| "there is no server".into()))
    }
}

/// Writes down what comes, until the end, and then what has come by then.
async fn write(mut subscriber: Subscriber, sink: Arc<Sink>, mut ended: tokio::sync::oneshot::Receiver<()>) {
    loop {
        let message = tokio::select! {
            biased;
            message = subscriber.next() => message,
            _ = &mut ended => {
                if subscriber.drain().await.is_err() {
                    return;
                }
                while let Some(message) = subscriber.next().await {
                    sink.resent(&message);
                }
                return;
            }
        };
        let Some(message) = message else { return };
        sink.resent(&message);
    }
}

/// The last record of every instance.
async fn read(context: &Context, streams: &[String], sink: &Sink) -> Result<(), Failed> {
    for name in streams {
        let mut stream = context.get_stream(name).await?;
        if stream.info().await?.state.messages == 0 {
            continue;
        }
        let consumer = stream.create_consumer(OrderedConfig::default()).await?;
        let mut messages = consumer.messages().await?;
        while let Some(message) = timeout(PATIENCE, messages.next()).await? {
            let message = message?;
            let info = message.info()?;
            let stored = nanos(info.published.unix_timestamp_nanos());
            sink.take(&message.subject, info.stream_sequence, message.headers.as_ref(), stored, &message.payload);
            if info.pending == 0 {
                break;
            }
        }
    }
    Ok(())
}

impl Sink {
    /// A message that a stream has sent once more.
    fn resent(&self, message: &async_nats::Message) {
        let header = |name| message.headers.as_ref()?.get(name).map(|value| value.as_str());
        let revision = header("Nats-Sequence").and_then(|text| text.parse().ok());
        let stored = header("Nats-Time-Stamp").and_then(|text| text.parse::<Timestamp>().ok());
        // Nobody else sends to this subject: the proxies have no such line, and nothing else publishes.
        if let (Some(revision), Some(stored)) = (revision, stored) {
            let stored = nanos(stored.as_nanosecond());
            self.take(&message.subject, revision, message.headers.as_ref(), stored, &message.payload);
        }
    }

    fn take(&self, subject: &str, revision: u64, headers: Option<&HeaderMap>, stored: Nanos, payload: &[u8]) {
        let Some(instance) = instance(subject) else { return };
        let after = headers.and_then(|headers| headers.get(CONDITION)?.as_str().parse().ok());
        let mut hash = DefaultHasher::new();
        (&instance, revision, payload).hash(&mut hash);
        if self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(hash.finish()) {
            self.book.write(&Captured { instance, revision, after, stored, record: raw(payload) });
        }
    }
}

fn nanos(time: i128) -> Nanos {
    Nanos::try_from(time).unwrap_or_default()
}

/// Who leads a stream, and whether all its replicas are there and up to date.
#[derive(Debug)]
pub(crate) struct Health {
    pub(crate) leader: Option<String>,
    pub(crate) whole: bool,
}

/// Asks for a stream's health, by the first server that answers.
pub(crate) async fn health(clients: &[Client], stream: &str, replicas: usize) -> Option<Health> {
    for client in clients {
        let context = jetstream::ContextBuilder::new().timeout(Duration::from_secs(2)).build(client.clone());
        let Ok(stream) = context.get_stream(stream).await else { continue };
        let Some(cluster) = &stream.cached_info().cluster else { continue };
        let current = cluster.replicas.iter().filter(|peer| peer.current && !peer.offline).count();
        return Some(Health { leader: cluster.leader.clone(), whole: current + 1 >= replicas });
    }
    None
}
