//! What is known of one instance: its last record, where that stands, who waits for it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::queue::{Consumer, Queue};
use crate::transport::{Append, InstanceId, Revision, Stored};

/// A time past all clocks is as good as a century.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// What is known of one instance.
pub(super) struct Slot {
    pub(super) record: Option<Record>,
    /// An append that the journal has not decided yet, and who waits for the decision. There is at most one: nobody
    /// can know the revision of a record that isn't written.
    pub(super) undecided: Option<Vec<oneshot::Sender<()>>>,
    pub(super) watchers: Vec<Arc<Notify>>,
    pub(super) queue: Arc<Queue>,
}

/// An instance's last record.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) revision: Revision,
    pub(super) payload: Bytes,
    pub(super) timing: Timing,
    pub(super) status: Status,
    pub(super) delivered: u64,
}

/// When a record is to be delivered, and when to be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timing {
    Ready,
    NotBefore(Instant),
    /// A terminal record: never delivered, forgotten at this time.
    Expires(Instant),
}

#[derive(Debug)]
pub(super) enum Status {
    /// Terminal, or acknowledged: not to be delivered.
    Settled,
    Queued,
    Delayed,
    /// In the hands of a worker, under this key.
    Held(Arc<Consumer>, usize),
}

/// A record as it is loaded from a store.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) greatest: Revision,
    pub(super) records: Vec<(InstanceId, Stored, Timing)>,
}

impl Slot {
    pub(super) fn new(queue: Arc<Queue>) -> Self {
        Self { record: None, undecided: None, watchers: Vec::new(), queue }
    }

    /// An instance that has no record and that nobody watches takes no memory.
    pub(super) fn is_unused(&self) -> bool {
        self.record.is_none() && self.undecided.is_none() && self.watchers.is_empty()
    }

    pub(super) fn stored(&self) -> Option<Stored> {
        let record = self.record.as_ref().filter(|record| !record.is_expired())?;
        Some(Stored { revision: record.revision, payload: record.payload.clone() })
    }
}

impl Record {
    pub(super) fn new(revision: Revision, payload: Bytes, timing: Timing) -> Self {
        let status = match timing {
            Timing::Ready => Status::Queued,
            Timing::NotBefore(_) => Status::Delayed,
            Timing::Expires(_) => Status::Settled,
        };
        Self { revision, payload, timing, status, delivered: 0 }
    }

    /// Whether it is a terminal record whose time is over; the timer that removes it may be late.
    pub(super) fn is_expired(&self) -> bool {
        matches!(self.timing, Timing::Expires(due) if due <= Instant::now())
    }
}

impl Timing {
    pub(super) fn of(append: &Append<'_>) -> Self {
        if let Some(keep) = append.keep {
            return Self::Expires(after(keep));
        }
        let delay = append.not_before.and_then(|due| due.duration_since(SystemTime::now()).ok());
        delay.filter(|delay| !delay.is_zero()).map_or(Self::Ready, |delay| Self::NotBefore(after(delay)))
    }
}

/// The time after a delay.
pub(super) fn after(delay: Duration) -> Instant {
    Instant::now() + delay.min(CENTURY)
}

/// The same on the clock on the wall, for a time that is written to the disk.
pub(super) fn wall_after(delay: Duration) -> SystemTime {
    SystemTime::now() + delay.min(CENTURY)
}
