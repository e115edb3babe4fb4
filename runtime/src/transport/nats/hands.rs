//! How many deliveries the worker has in its hands, so that no more are asked for than it can start soon.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Context;

use futures::task::AtomicWaker;

/// Counts the deliveries of one pull that have been taken and are not settled.
#[derive(Debug, Default)]
pub(super) struct Hands {
    taken: AtomicUsize,
    room: AtomicWaker,
}

/// One delivery in hand; dropping it makes room.
#[derive(Debug)]
pub(super) struct InHand(Arc<Hands>);

impl Hands {
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Acquire)
    }

    /// Takes one more in hand.
    pub(super) fn take(self: &Arc<Self>) -> InHand {
        self.taken.fetch_add(1, Ordering::AcqRel);
        InHand(Arc::clone(self))
    }

    /// Wakes the task when there is room again.
    pub(super) fn wake_on_room(&self, cx: &Context<'_>) {
        self.room.register(cx.waker());
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::AcqRel);
        self.0.room.wake();
    }
}
