//! What has to happen later: delayed deliveries, ack waits, expiries. One task per transport drives it all.
//!
//! A delivery that is settled in time costs no timer: ack waits are found by looking through the workers' hands
//! ([`Consumer::overdue`]), not before the first of them can be over.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::core::{Core, lock};
use super::queue::{Consumer, Item};
use crate::transport::{InstanceId, Revision};

/// How many events are handled before the workers' hands are looked at again.
const BATCH: usize = 1024;

/// What happens to a record or a notice, if it is still there when the time has come.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Ready(Item),
    Expire(InstanceId, Revision),
}

#[derive(Default)]
pub(super) struct Timers {
    state: Mutex<State>,
    /// Tells the driver that it has to wake earlier than it planned.
    earlier: Notify,
    driven: AtomicBool,
}

#[derive(Default)]
struct State {
    events: BinaryHeap<Reverse<(Instant, Event)>>,
    consumers: Vec<Arc<Consumer>>,
    /// When the driver wakes next; `None`: not before it is told.
    wake: Option<Instant>,
}

impl Timers {
    pub(super) fn at(&self, due: Instant, event: Event) {
        let mut state = lock(&self.state);
        state.events.push(Reverse((due, event)));
        self.wake_locked(&mut state, due);
    }

    pub(super) fn add(&self, consumer: Arc<Consumer>) {
        lock(&self.state).consumers.push(consumer);
    }

    /// Has the driver look at the workers' hands by this time.
    pub(super) fn wake_by(&self, due: Instant) {
        self.wake_locked(&mut lock(&self.state), due);
    }

    fn wake_locked(&self, state: &mut State, due: Instant) {
        if state.wake.is_none_or(|wake| due < wake) {
            state.wake = Some(due);
            self.earlier.notify_one();
        }
    }

    pub(super) fn close(&self) {
        self.earlier.notify_one();
        for consumer in &lock(&self.state).consumers {
            consumer.room.notify_one();
        }
    }

    /// Starts the driver if there is none: in the runtime of whoever first needs it, and again in another one should
    /// that runtime end before the transport does.
    pub(super) fn ensure_driven(&self, core: &Arc<Core>) {
        if !self.driven.load(Ordering::Relaxed) && !self.driven.swap(true, Ordering::AcqRel) {
            let driver = Driver(Arc::clone(core));
            tokio::spawn(async move { driver.run().await });
        }
    }

    /// Does what is due, and says when to wake next.
    fn tick(&self, core: &Core) -> Option<Instant> {
        let now = Instant::now();
        let mut due = Vec::new();
        let consumers = {
            let mut state = lock(&self.state);
            state.wake = None;
            while due.len() < BATCH && state.events.peek().is_some_and(|Reverse((at, _))| *at <= now) {
                due.extend(state.events.pop());
            }
            state.consumers.clone()
        };
        for Reverse((_, event)) in due {
            match event {
                Event::Ready(item) => core.ready(&item),
                Event::Expire(instance, revision) => core.expire(&instance, revision),
            }
        }
        let mut next: Option<Instant> = None;
        let mut left = Vec::new();
        for consumer in consumers {
            let overdue = consumer.overdue(now);
            for (item, delivered) in overdue.deliveries {
                core.time_out(&item, delivered, now);
            }
            next = earliest(next, overdue.next);
            if overdue.done {
                left.push(consumer);
            }
        }
        let mut state = lock(&self.state);
        state.consumers.retain(|consumer| !left.iter().any(|left| Arc::ptr_eq(left, consumer)));
        let first = state.events.peek().map(|Reverse((at, _))| *at);
        // What was asked for while this ran counts as well.
        state.wake = earliest(state.wake, earliest(next, first));
        state.wake
    }
}

fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    a.into_iter().chain(b).min()
}

/// The task that drives the timers of a transport, until that is closed.
struct Driver(Arc<Core>);

impl Driver {
    async fn run(&self) {
        let timers = &self.0.timers;
        while !self.0.is_closed() {
            match timers.tick(&self.0) {
                Some(wake) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(wake) => {}
                        () = timers.earlier.notified() => {}
                    }
                }
                None => timers.earlier.notified().await,
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.timers.driven.store(false, Ordering::Release);
    }
}
