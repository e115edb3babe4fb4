//! Group commit: a thread takes all appends that wait, writes them as one batch with one fsync, and answers them all.
//!
//! **A record counts from the moment it is on the disk, not before**: until then nobody sees it, and another append
//! to the same instance waits for the decision. After a failed write nothing more is written: what the disk holds
//! is no longer known for sure.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::SystemTime;

use tokio::sync::{oneshot, watch};

use super::core::{Core, lock};
use super::log::LinePut;
use super::mail::MailPut;
use super::notes::{NotePut, Void};
use super::record::Record;
use crate::transport::{AppendError, InstanceId, Log, Revision};
use crate::{Error, ErrorKind};

/// A batch takes no more records once it has this many bytes: memory is bounded, and no append waits for long.
const BATCH_BYTES: usize = 32 * 1024 * 1024;

/// One change to the store.
pub(super) enum Write {
    Put(Put),
    Remove(InstanceId, Option<Void>),
    Note(NotePut),
    Mail(MailPut),
    /// Mail that is to be removed: whose, of which queue, and its number.
    Discard(InstanceId, Vec<(Arc<str>, u64)>),
    Line(LinePut),
    /// Lines whose time is over: of which log and saga, and where.
    Expired(Log, Arc<str>, Vec<u64>),
}

/// A record to be written, and who waits for that.
pub(super) struct Put {
    pub(super) instance: InstanceId,
    pub(super) record: Record,
    pub(super) not_before: Option<SystemTime>,
    pub(super) expires: Option<SystemTime>,
    /// The notes of the record before.
    pub(super) void: Option<Void>,
    pub(super) answer: oneshot::Sender<Result<Revision, AppendError>>,
}

/// Where a journal's batches go.
pub(super) trait Backend: Send + 'static {
    /// Writes a batch, all of it or nothing. With `sync`, returns only when it is on the disk.
    fn write(&mut self, batch: &[Write], sync: bool) -> Result<(), String>;
}

pub(super) struct Journal {
    queue: Mutex<Queue>,
    filled: Condvar,
    syncs: AtomicU64,
    failure: OnceLock<String>,
    /// Its sender is dropped when the thread has let go of the store.
    finished: watch::Receiver<()>,
}

struct Queue {
    writes: VecDeque<Write>,
    idle: bool,
    closing: bool,
    running: Option<watch::Sender<()>>,
}

impl Default for Journal {
    fn default() -> Self {
        let (running, finished) = watch::channel(());
        let queue = Queue { writes: VecDeque::new(), idle: false, closing: false, running: Some(running) };
        Self {
            queue: Mutex::new(queue),
            filled: Condvar::new(),
            syncs: AtomicU64::new(0),
            failure: OnceLock::new(),
            finished,
        }
    }
}

impl Journal {
    /// Puts a write into the next batch. Called under the lock of the instance's shard, so that two writes to one
    /// instance are in the order in which they were decided. An error says why nothing is written any more.
    pub(super) fn enqueue(&self, write: Write) -> Result<(), String> {
        if let Some(failure) = self.failure.get() {
            return Err(failure.clone());
        }
        let mut queue = lock(&self.queue);
        if queue.closing {
            return Err("the transport has been closed".to_owned());
        }
        queue.writes.push_back(write);
        if queue.idle {
            queue.idle = false;
            drop(queue);
            self.filled.notify_one();
        }
        Ok(())
    }

    pub(super) fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// No more writes; those that wait are still written.
    pub(super) fn close(&self) {
        lock(&self.queue).closing = true;
        self.filled.notify_one();
    }

    /// Waits until the thread has ended and let go of the store.
    ///
    /// # Errors
    ///
    /// When a write had failed.
    pub(super) async fn finished(&self) -> Result<(), Error> {
        let mut finished = self.finished.clone();
        while finished.changed().await.is_ok() {}
        match self.failure.get() {
            Some(failure) => Err(Error::new(ErrorKind::Storage, failure.clone())),
            None => Ok(()),
        }
    }

    /// The next batch; waits for one. `None`: closed, and all is written.
    fn batch(&self) -> Option<Vec<Write>> {
        let mut queue = lock(&self.queue);
        while queue.writes.is_empty() {
            if queue.closing {
                return None;
            }
            queue.idle = true;
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.idle = false;
        let mut bytes = 0;
        let count = queue.writes.iter().take_while(|write| {
            let fits = bytes < BATCH_BYTES;
            bytes += write.size();
            fits
        });
        let count = count.count();
        Some(queue.writes.drain(..count).collect())
    }
}

impl Write {
    fn size(&self) -> usize {
        match self {
            Self::Put(put) => put.record.payload.len(),
            Self::Remove(..) | Self::Discard(..) | Self::Expired(..) => 0,
            Self::Line(line) => line.written.payload.len(),
            Self::Mail(mail) => mail.payload.len(),
            Self::Note(note) => note.payload.len(),
        }
    }
}

/// Starts the thread of a journal.
pub(super) fn spawn(
    journal: Arc<Journal>,
    core: Arc<Core>,
    mut backend: impl Backend,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("sagaflow-journal".to_owned()).spawn(move || {
        let running = lock(&journal.queue).running.take();
        while let Some(batch) = journal.batch() {
            commit(&journal, &core, &mut backend, batch);
        }
        drop(backend);
        drop(running);
    })
}

fn commit(journal: &Journal, core: &Core, backend: &mut impl Backend, batch: Vec<Write>) {
    // Nobody waits for a removal: should it be lost, the record is left out when the store is opened again.
    let is_awaited = |write: &Write| matches!(write, Write::Put(_) | Write::Note(_) | Write::Mail(_) | Write::Line(_));
    let sync = batch.iter().any(is_awaited);
    let outcome = match journal.failure.get() {
        Some(failure) => Err(failure.clone()),
        // A panic in the store must not leave the appends of this batch without an answer.
        None => catch_unwind(AssertUnwindSafe(|| backend.write(&batch, sync)))
            .unwrap_or_else(|_| Err("the store panicked while it was writing: restart".to_owned())),
    };
    match &outcome {
        Ok(()) if sync => drop(journal.syncs.fetch_add(1, Ordering::Relaxed)),
        Ok(()) => {}
        Err(failure) => {
            if journal.failure.set(failure.clone()).is_ok() {
                tracing::error!(failure, "the store takes no more records");
            }
        }
    }
    for write in batch {
        match write {
            Write::Put(put) => core.decided(put, &outcome),
            Write::Note(note) => core.note_decided(note, &outcome),
            Write::Mail(mail) => core.mail_decided(mail, &outcome),
            Write::Line(line) => core.line_decided(line, &outcome),
            Write::Remove(..) | Write::Discard(..) | Write::Expired(..) => {}
        }
    }
}
