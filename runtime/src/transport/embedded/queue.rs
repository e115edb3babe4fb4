//! Which records of a saga, and notices of mail, wait for a worker, and which are in a worker's hands.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::core::lock;
use crate::transport::{DeliveryOptions, InstanceId, Notice, Revision};

/// What is delivered: an instance's record, or a notice of its mail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub(super) instance: InstanceId,
    pub(super) what: What,
}

/// Which record, or which mail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Record(Revision),
    /// Of this queue, with this number.
    Notice(Arc<str>, u64),
}

impl Item {
    /// What a worker is told, if it is a notice.
    pub(super) fn notice(&self) -> Option<Notice> {
        match &self.what {
            What::Record(_) => None,
            What::Notice(name, number) => Some(Notice { name: name.to_string(), number: *number }),
        }
    }
}

/// The items of one saga that wait for a worker, oldest first.
///
/// One whose record was superseded meanwhile is not searched for; whoever takes it leaves it out.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<VecDeque<Item>>,
    /// Wakes one worker for each item that finds one waiting.
    pub(super) filled: Notify,
}

impl Queue {
    pub(super) fn push(&self, item: Item) {
        lock(&self.waiting).push_back(item);
        self.filled.notify_one();
    }

    pub(super) fn pop(&self) -> Option<Item> {
        let mut waiting = lock(&self.waiting);
        let first = waiting.pop_front();
        let more = !waiting.is_empty();
        drop(waiting);
        // Two items that come before any worker waits leave one wake-up behind: whoever takes the first passes it on.
        if more {
            self.filled.notify_one();
        }
        first
    }

    pub(super) fn close(&self) {
        self.filled.notify_waiters();
    }
}

/// One worker, and the deliveries in its hands. There are at most `prefetch` of them, so looking through them all
/// when a timer fires is cheaper than a timer for each.
pub(super) struct Consumer {
    prefetch: usize,
    ack_wait: Duration,
    hands: Mutex<Hands>,
    /// Wakes the worker when a full hand gets room.
    pub(super) room: Notify,
}

#[derive(Default)]
struct Hands {
    held: Vec<Option<Held>>,
    free: Vec<usize>,
    /// Whether the timers know that there is something in these hands.
    watched: bool,
    /// Whether the worker has left; what it held is still waited for.
    left: bool,
}

struct Held {
    item: Item,
    delivered: u64,
    deadline: Instant,
}

/// What the timers find in a worker's hands.
pub(super) struct Overdue {
    /// What was held for longer than the ack wait.
    pub(super) deliveries: Vec<(Item, u64)>,
    /// When to look again; `None`: when something is in these hands again.
    pub(super) next: Option<Instant>,
    /// The worker has left, and nothing is in its hands.
    pub(super) done: bool,
}

impl Consumer {
    pub(super) fn new(options: DeliveryOptions) -> Self {
        Self {
            prefetch: options.prefetch.max(1),
            ack_wait: options.ack_wait,
            hands: Mutex::default(),
            room: Notify::new(),
        }
    }

    pub(super) fn ack_wait(&self) -> Duration {
        self.ack_wait
    }

    pub(super) fn is_full(&self) -> bool {
        lock(&self.hands).count() >= self.prefetch
    }

    /// Puts a delivery into these hands. Returns its key, and whether the timers have to be told.
    pub(super) fn hold(&self, item: Item, delivered: u64, deadline: Instant) -> (usize, bool) {
        let held = Some(Held { item, delivered, deadline });
        let mut hands = lock(&self.hands);
        let key = match hands.free.pop() {
            Some(key) => {
                hands.held[key] = held;
                key
            }
            None => {
                hands.held.push(held);
                hands.held.len() - 1
            }
        };
        let watched = std::mem::replace(&mut hands.watched, true);
        (key, !watched)
    }

    /// Takes a delivery out of these hands: it is settled, or void.
    pub(super) fn release(&self, key: usize) {
        let mut hands = lock(&self.hands);
        self.take_out(&mut hands, key);
    }

    /// The same, if its time is over.
    pub(super) fn release_if_due(&self, key: usize, now: Instant) -> bool {
        let mut hands = lock(&self.hands);
        let due = hands.held[key].as_ref().is_some_and(|held| held.deadline <= now);
        if due {
            self.take_out(&mut hands, key);
        }
        due
    }

    fn take_out(&self, hands: &mut Hands, key: usize) {
        let was_full = hands.count() >= self.prefetch;
        if hands.held[key].take().is_some() {
            hands.free.push(key);
            if was_full {
                self.room.notify_one();
            }
        }
    }

    /// Begins the ack wait anew.
    pub(super) fn extend(&self, key: usize) {
        let deadline = Instant::now() + self.ack_wait;
        if let Some(held) = &mut lock(&self.hands).held[key] {
            held.deadline = deadline;
        }
    }

    pub(super) fn leave(&self) {
        lock(&self.hands).left = true;
    }

    pub(super) fn overdue(&self, now: Instant) -> Overdue {
        let mut hands = lock(&self.hands);
        let mut deliveries = Vec::new();
        let mut next: Option<Instant> = None;
        for held in hands.held.iter().flatten() {
            if held.deadline <= now {
                deliveries.push((held.item.clone(), held.delivered));
            } else {
                next = Some(next.map_or(held.deadline, |next| next.min(held.deadline)));
            }
        }
        if !deliveries.is_empty() && next.is_none() {
            // Kept alive between this look and the decision about it: look again.
            next = Some(now + self.ack_wait);
        }
        // Many deadlines close together are one look.
        let next = next.map(|next| next.max(now + self.ack_wait / 16));
        hands.watched = next.is_some();
        Overdue { done: hands.left && hands.count() == 0, deliveries, next }
    }
}

impl Hands {
    fn count(&self) -> usize {
        self.held.len() - self.free.len()
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("prefetch", &self.prefetch)
            .field("ack_wait", &self.ack_wait)
            .finish_non_exhaustive()
    }
}
