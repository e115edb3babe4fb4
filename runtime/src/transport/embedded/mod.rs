//! The embedded transport: in the memory of this process, or in a directory of this machine.
//!
//! All records live in memory (`core`); with a directory, each append is also written to a store there before it
//! is answered, many appends with one fsync (`journal`). What memory alone knows – who holds which delivery, how
//! often it was delivered – is forgotten at a restart: every live record is then ready for delivery again.
//!
//! | module | its job |
//! |---|---|
//! | `core` | the instances' records: append, latest, settling a delivery |
//! | `record` | what is known of one instance |
//! | `notes` | the notes of a record |
//! | `mail` | the mail of an instance |
//! | `log` | what is written down for whoever reads it |
//! | `queue` | which records wait for a worker, and which are in a worker's hands |
//! | `delivery` | what workers and watchers hold: deliveries, their acknowledgement, watches |
//! | `feed` | the records as they come, for whoever keeps a picture of them elsewhere |
//! | `timers` | what has to happen later: delayed deliveries, ack waits, expiries |
//! | `journal` | group commit: many appends, one fsync |
//! | `store` | the directory |

mod core;
mod delivery;
mod feed;
#[cfg_attr(not(feature = "embedded"), expect(dead_code, reason = "only a store on disk has a journal"))]
mod journal;
mod log;
mod mail;
mod notes;
mod queue;
mod record;
#[cfg(feature = "embedded")]
mod store;
mod timers;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use futures::future::BoxFuture;

use self::core::Core;
use self::delivery::{Joined, Watching};
use super::{
    Append, AppendError, Deliveries, DeliveryOptions, Discard, Feed, InstanceId, Line, Log, Logged, Mail, Note, Of,
    Post, RecordPage, Revision, Stored, Transport, Watch,
};
use crate::Error;
use crate::clock::Clock;

/// The largest record in bytes that an embedded transport takes: 8 MiB.
pub const MAX_RECORD: usize = 8 * 1024 * 1024;

/// A transport within this process; see [`memory`] and [`open`]. Dropping it closes it.
pub struct EmbeddedTransport {
    core: Arc<Core>,
    name: String,
    /// The thread that writes to the store.
    writer: Option<JoinHandle<()>>,
}

/// A transport in the memory of this process (`embedded:`): the fastest there is, gone with the process.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use sagaflow::transport::{Append, InstanceId, Transport, embedded};
///
/// let transport = embedded::memory();
/// let instance = InstanceId::new("checkout", "order-42")?;
/// let append = Append::new(&instance, None, "{}".into());
/// let revision = transport.append(append).await.expect("a fresh id");
/// assert_eq!(transport.latest(&instance).await?.expect("it is there").revision, revision);
/// # Ok::<(), sagaflow::Error>(()) }).unwrap();
/// ```
#[must_use]
pub fn memory() -> Arc<EmbeddedTransport> {
    memory_with(Clock::System)
}

/// The same with a clock.
pub(crate) fn memory_with(clock: Clock) -> Arc<EmbeddedTransport> {
    let name = "embedded:".to_owned();
    Arc::new(EmbeddedTransport { core: Arc::new(Core::new(&name, None, clock)), name, writer: None })
}

/// A transport in a directory of this machine (`embedded:PATH`), which is created if it is missing.
///
/// An append is answered when its record is on the disk: appends that wait at the same time share one fsync. The
/// directory belongs to one transport at a time. Reads all records, so call it outside of a task that must not
/// block ([`connect`](super::connect()) does).
///
/// # Errors
///
/// [`ErrorKind::Locked`](crate::ErrorKind::Locked) while the directory is open elsewhere, in this process or another;
/// [`ErrorKind::Storage`](crate::ErrorKind::Storage) when the directory can't be made, read or written;
/// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) when it was written by a version of sagaflow that this one can't read.
#[cfg(feature = "embedded")]
pub fn open(path: impl AsRef<std::path::Path>) -> Result<Arc<EmbeddedTransport>, Error> {
    let path = path.as_ref();
    let name = format!("embedded:{}", path.display());
    let (store, loaded) = store::open(path)?;
    let journal = Arc::new(journal::Journal::default());
    let core = Arc::new(Core::new(&name, Some(Arc::clone(&journal)), Clock::System));
    core.load(loaded);
    let writer = journal::spawn(journal, Arc::clone(&core), store).map_err(|error| {
        Error::new(crate::ErrorKind::Storage, format!("`{name}`: no thread for its store")).caused_by(error)
    })?;
    Ok(Arc::new(EmbeddedTransport { core, name, writer: Some(writer) }))
}

impl EmbeddedTransport {
    /// How many times this transport has waited for the disk (fsync) since it was opened; 0 in memory.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.core.journal().map_or(0, |journal| journal.syncs())
    }
}

impl fmt::Debug for EmbeddedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedTransport").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Transport for EmbeddedTransport {
    fn append<'a>(&'a self, append: Append<'a>) -> BoxFuture<'a, Result<Revision, AppendError>> {
        Box::pin(self.core.append(append))
    }

    fn latest<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Option<Stored>, Error>> {
        Box::pin(async { self.core.latest(instance) })
    }

    fn deliveries<'a>(
        &'a self,
        saga: &'a str,
        options: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Deliveries>, Error>> {
        Box::pin(async move {
            self.core.check_open()?;
            Ok(Box::new(Joined::new(&self.core, saga, options)) as _)
        })
    }

    fn watch<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Box<dyn Watch>, Error>> {
        Box::pin(async move {
            self.core.check_open()?;
            Ok(Box::new(Watching::new(&self.core, instance)) as _)
        })
    }

    fn note<'a>(&'a self, note: Note<'a>) -> BoxFuture<'a, Result<(), AppendError>> {
        Box::pin(self.core.note(note))
    }

    fn notes<'a>(&'a self, instance: &'a InstanceId, of: Revision) -> BoxFuture<'a, Result<Vec<Bytes>, Error>> {
        Box::pin(async move { self.core.notes(instance, of) })
    }

    fn post<'a>(&'a self, post: Post<'a>) -> BoxFuture<'a, Result<u64, AppendError>> {
        Box::pin(self.core.post(post))
    }

    fn mail<'a>(
        &'a self,
        instance: &'a InstanceId,
        name: &'a str,
        after: u64,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Mail>, Error>> {
        Box::pin(async move { self.core.mail(instance, name, after, most) })
    }

    fn mailbox<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Vec<(String, u64)>, Error>> {
        Box::pin(async move { self.core.mailbox(instance) })
    }

    fn records<'a>(
        &'a self,
        saga: Option<&'a str>,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<RecordPage, Error>> {
        Box::pin(async move { self.core.records(saga, after) })
    }

    fn discard<'a>(&'a self, instance: &'a InstanceId, which: Discard<'a>) -> BoxFuture<'a, ()> {
        Box::pin(async move { self.core.discard(instance, which) })
    }

    fn write_line<'a>(&'a self, line: Line<'a>) -> BoxFuture<'a, Result<u64, AppendError>> {
        Box::pin(self.core.write_line(line))
    }

    fn lines<'a>(&'a self, log: Log, of: Of<'a>, after: u64, most: usize) -> BoxFuture<'a, Result<Vec<Logged>, Error>> {
        Box::pin(async move { self.core.lines(log, of, after, most) })
    }

    fn feed<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<Box<dyn Feed>, Error>> {
        Box::pin(async move {
            self.core.check_open()?;
            Ok(Box::new(feed::EmbeddedFeed::begin(&self.core, after)?) as _)
        })
    }

    fn max_record(&self) -> usize {
        MAX_RECORD
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            self.core.close();
            match self.core.journal() {
                Some(journal) => journal.finished().await,
                None => Ok(()),
            }
        })
    }
}

impl Drop for EmbeddedTransport {
    fn drop(&mut self) {
        self.core.close();
        // The next `open` of the same directory must find it unlocked, so wait for the writer.
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
