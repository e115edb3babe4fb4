//! The deliveries that this worker has in hand: kept alive by one timer, counted, and aborted together.
//!
//! Every delivery that was received stands in one slot of [`InHand`] until its task has ended, whether it waits for a
//! slot, runs a step, or waits for its append. A lock is held for a few instructions only, never across an await.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use crate::transport::Delivery;

/// In so many parts of the ack wait a delivery is kept alive.
const THIRDS: u32 = 3;

/// All deliveries in hand.
#[derive(Debug, Default)]
pub(super) struct InHand {
    slots: Mutex<Slots>,
    empty: Notify,
}

#[derive(Debug)]
struct Slots {
    /// When the timer has looked last. If that is long ago, the process was paused.
    looked: Instant,
    /// Until then a pause is so short ago that what comes may have been given to this process before it.
    doubtful_until: Option<Instant>,
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    /// Numbers the deliveries, so that a slot that has been taken again is not mistaken for the former.
    last: u64,
}

impl Default for Slots {
    fn default() -> Self {
        Self { looked: Instant::now(), doubtful_until: None, slots: Vec::new(), free: Vec::new(), last: 0 }
    }
}

#[derive(Debug)]
struct Slot {
    number: u64,
    delivery: Arc<Delivery>,
    task: Option<AbortHandle>,
    /// When its ack wait was begun, by its arrival or by a heartbeat.
    renewed: Instant,
}

/// One delivery in hand; dropping it frees its slot.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) delivery: Arc<Delivery>,
    place: Place,
    all: Arc<InHand>,
}

/// Where a delivery stands among those in hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    slot: usize,
    number: u64,
}

impl InHand {
    /// Takes a delivery in hand.
    pub(super) fn take(self: &Arc<Self>, delivery: Delivery) -> Held {
        let delivery = Arc::new(delivery);
        let mut slots = self.lock();
        slots.last += 1;
        let number = slots.last;
        let taken = Slot { number, delivery: delivery.clone(), task: None, renewed: Instant::now() };
        let slot = match slots.free.pop() {
            Some(slot) => {
                slots.slots[slot] = Some(taken);
                slot
            }
            None => {
                slots.slots.push(Some(taken));
                slots.slots.len() - 1
            }
        };
        drop(slots);
        Held { delivery, place: Place { slot, number }, all: self.clone() }
    }

    /// Says which task works on a delivery (which may be done with it by now).
    pub(super) fn worked_on(&self, place: Place, task: AbortHandle) {
        if let Some(Some(slot)) = self.lock().slots.get_mut(place.slot)
            && slot.number == place.number
        {
            slot.task = Some(task);
        }
    }

    /// Waits until nothing is in hand.
    pub(super) async fn empty(&self) {
        loop {
            let changed = self.empty.notified();
            if self.is_empty() {
                return;
            }
            changed.await;
        }
    }

    /// Aborts all tasks, and returns the deliveries that they had.
    pub(super) fn abort(&self) -> Vec<Arc<Delivery>> {
        let slots = self.lock();
        let held = slots.slots.iter().flatten();
        held.map(|slot| {
            if let Some(task) = &slot.task {
                task.abort();
            }
            slot.delivery.clone()
        })
        .collect()
    }

    /// Renews the ack wait of each delivery in hand, whenever a third of it has passed since it came or was renewed. Never
    /// ends. A delivery that is settled sooner costs no heartbeat.
    pub(super) async fn keep_alive(self: Arc<Self>, ack_wait: Duration) {
        let period = (ack_wait / THIRDS).max(Duration::from_millis(1));
        loop {
            // What arrives from here on is due after this: it has a whole period.
            let now = Instant::now();
            let (due, next) = self.due(now, period);
            for delivery in due {
                delivery.handle.in_progress().await;
            }
            // Those that come one shortly after the other are renewed together, so that this is done eight times a period at most.
            sleep_until(next.max(now + period / 8)).await;
        }
    }

    /// The deliveries that are to be renewed now, taken as renewed; and when the first of the others is due.
    fn due(&self, now: Instant, period: Duration) -> (Vec<Arc<Delivery>>, Instant) {
        let mut due = Vec::new();
        let mut next = now + period;
        let mut slots = self.lock();
        slots.notice_pause(now, period * THIRDS);
        slots.looked = now;
        for slot in slots.slots.iter_mut().flatten() {
            if slot.renewed + period <= now {
                slot.renewed = now;
                due.push(slot.delivery.clone());
            } else {
                next = next.min(slot.renewed + period);
            }
        }
        (due, next)
    }

    /// Whether this process has just woken from a pause of more than the ack wait: then what it has in hand, or finds in its
    /// connection, has most likely been taken over by others.
    pub(super) fn is_in_doubt(&self, ack_wait: Duration) -> bool {
        let now = Instant::now();
        let mut slots = self.lock();
        slots.notice_pause(now, ack_wait);
        slots.doubtful_until.is_some_and(|until| now < until)
    }

    fn is_empty(&self) -> bool {
        let slots = self.lock();
        slots.free.len() == slots.slots.len()
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    fn notice_pause(&mut self, now: Instant, ack_wait: Duration) {
        if now.duration_since(self.looked) > ack_wait {
            self.doubtful_until = Some(now + ack_wait);
        }
    }
}

impl Held {
    pub(super) fn place(&self) -> Place {
        self.place
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut slots = self.all.lock();
        let slot = slots.slots[self.place.slot].take();
        slots.free.push(self.place.slot);
        let none = slots.free.len() == slots.slots.len();
        drop(slots);
        drop(slot);
        if none {
            self.all.empty.notify_waiters();
        }
    }
}
