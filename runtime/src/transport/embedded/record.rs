//! What is known of one instance: its last record, where that stands, who waits for it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::log::Written;
use super::mail::{Loose, Mailbox};
use super::notes::{Notes, Void};
use super::queue::{Consumer, Queue, What};
use crate::clock::Clock;
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
    pub(super) mailbox: Mailbox,
    /// Where its records wait for a worker, and the notices of its mail: apart, since these don't wait for a worker's hands to be free.
    pub(super) queue: Arc<Queue>,
    pub(super) notices: Arc<Queue>,
}

/// An instance's last record.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) revision: Revision,
    pub(super) payload: Bytes,
    pub(super) timing: Timing,
    pub(super) course: Course,
    pub(super) notes: Notes,
}

/// When a record is to be delivered, and when to be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timing {
    Ready,
    NotBefore(Instant),
    /// A terminal record: never delivered, forgotten at this time.
    Expires(Instant),
    /// One that is delivered at once all the same.
    Tells(Instant),
}

/// How the delivery of a record, or of a notice, stands.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) status: Status,
    /// How often it was delivered.
    pub(super) delivered: u64,
}

impl Course {
    pub(super) fn new(status: Status) -> Self {
        Self { status, delivered: 0 }
    }

    /// It is gone: the worker that holds it has room.
    pub(super) fn end(&mut self) {
        if let Status::Held(consumer, key) = std::mem::replace(&mut self.status, Status::Settled) {
            consumer.release(key);
        }
    }
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
    /// Of those records, by number.
    pub(super) notes: Vec<(InstanceId, u64, Bytes)>,
    pub(super) mail: Vec<Loose>,
    pub(super) lines: Vec<Written>,
}

impl Slot {
    pub(super) fn new(queue: Arc<Queue>, notices: Arc<Queue>) -> Self {
        Self { record: None, undecided: None, watchers: Vec::new(), mailbox: Mailbox::default(), queue, notices }
    }

    /// An instance that has no record and no mail and that nobody watches takes no memory.
    pub(super) fn is_unused(&self) -> bool {
        self.record.is_none() && self.undecided.is_none() && self.watchers.is_empty() && self.mailbox.is_empty()
    }

    /// The revision of the record that holds.
    pub(super) fn last(&self) -> Option<Revision> {
        self.record.as_ref().filter(|record| !record.is_expired()).map(|record| record.revision)
    }

    /// If an append is not decided yet: what ends with the decision.
    pub(super) fn wait_for_decision(&mut self) -> Option<oneshot::Receiver<()>> {
        let waiting = self.undecided.as_mut()?;
        let (sender, decision) = oneshot::channel();
        waiting.push(sender);
        Some(decision)
    }

    /// The notes that are void when the record is gone.
    pub(super) fn void(&self) -> Option<Void> {
        let record = self.record.as_ref()?;
        let numbers = record.notes.numbers();
        (!numbers.is_empty()).then_some(Void { of: record.revision, numbers })
    }

    /// Where an item waits for a worker.
    pub(super) fn queue_of(&self, what: &What) -> &Arc<Queue> {
        match what {
            What::Record(_) => &self.queue,
            What::Notice(..) => &self.notices,
        }
    }

    /// The delivery of an item, if that is still there.
    pub(super) fn course(&mut self, what: &What) -> Option<&mut Course> {
        match what {
            What::Record(revision) => {
                self.record.as_mut().filter(|record| record.revision == *revision).map(|record| &mut record.course)
            }
            What::Notice(name, number) => self.mailbox.course(name, *number),
        }
    }

    pub(super) fn stored(&self) -> Option<Stored> {
        let record = self.record.as_ref().filter(|record| !record.is_expired())?;
        Some(Stored { revision: record.revision, payload: record.payload.clone() })
    }
}

impl Record {
    pub(super) fn new(revision: Revision, payload: Bytes, timing: Timing) -> Self {
        let status = match timing {
            Timing::Ready | Timing::Tells(_) => Status::Queued,
            Timing::NotBefore(_) => Status::Delayed,
            Timing::Expires(_) => Status::Settled,
        };
        Self { revision, payload, timing, course: Course::new(status), notes: Notes::default() }
    }

    /// Whether it is a terminal record whose time is over; the timer that removes it may be late.
    pub(super) fn is_expired(&self) -> bool {
        matches!(self.timing, Timing::Expires(due) | Timing::Tells(due) if due <= Instant::now())
    }
}

impl Timing {
    pub(super) fn of(append: &Append<'_>, clock: Clock) -> Self {
        if let Some(keep) = append.keep {
            return if append.deliver { Self::Tells(after(keep)) } else { Self::Expires(after(keep)) };
        }
        if append.deliver {
            return Self::Ready;
        }
        let delay = append.not_before.and_then(|due| due.duration_since(clock.now().into()).ok());
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
