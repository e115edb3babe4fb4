//! The deliveries that this worker has in hand: kept alive by one timer, counted, and aborted together.
//!
//! Every delivery that was received stands in one slot of [`InHand`] until its task has ended, whether it waits for a
//! slot, runs a step, or waits for its append. A lock is held for a few instructions only, never across an await.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::transport::Delivery;

/// All deliveries in hand.
#[derive(Debug, Default)]
pub(super) struct InHand {
    slots: Mutex<Slots>,
    empty: Notify,
}

#[derive(Debug, Default)]
struct Slots {
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    /// Numbers the deliveries, so that a slot that has been taken again is not mistaken for the former.
    last: u64,
}

#[derive(Debug)]
struct Slot {
    number: u64,
    delivery: Arc<Delivery>,
    task: Option<AbortHandle>,
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
        let taken = Slot { number, delivery: delivery.clone(), task: None };
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
            if self.all().is_empty() {
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

    /// Renews the ack wait of all deliveries in hand, each third of it. Never ends.
    pub(super) async fn keep_alive(self: Arc<Self>, ack_wait: Duration) {
        let period = (ack_wait / 3).max(Duration::from_millis(1));
        let mut beat = interval_at(Instant::now() + period, period);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            for delivery in self.all() {
                delivery.handle.in_progress().await;
            }
        }
    }

    fn all(&self) -> Vec<Arc<Delivery>> {
        self.lock().slots.iter().flatten().map(|slot| slot.delivery.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
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
