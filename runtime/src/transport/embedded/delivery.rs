//! What workers and watchers hold: the stream of deliveries, their acknowledgement, a watch.

use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::Notify;

use super::core::Core;
use super::queue::{Consumer, Item, Queue, What};
use crate::Error;
use crate::transport::{Ack, Deliveries, Delivery, DeliveryOptions, InstanceId, Revision, Stored, Watch};

/// A worker that has joined a saga's workers. It holds nothing back: a delivery is made when it is asked for.
pub(super) struct Joined {
    core: Arc<Core>,
    saga: Box<str>,
    records: Line,
    notices: Line,
}

/// One of the two queues that a worker is at, and what it has in hand of it.
struct Line {
    queue: Arc<Queue>,
    consumer: Arc<Consumer>,
}

/// One part in so many of what a worker has ahead, it may have of notices, on top.
const NOTICES: usize = 4;

impl Line {
    fn new(core: &Core, queue: Arc<Queue>, options: DeliveryOptions) -> Self {
        let consumer = Arc::new(Consumer::new(options));
        core.timers.add(Arc::clone(&consumer));
        Self { queue, consumer }
    }

    fn take(&self, core: &Arc<Core>) -> Option<Delivery> {
        if self.consumer.is_full() { None } else { core.take(&self.queue, &self.consumer) }
    }
}

impl Joined {
    pub(super) fn new(core: &Arc<Core>, saga: &str, options: DeliveryOptions) -> Self {
        let records = Line::new(core, core.queue(saga), options);
        let fewer = DeliveryOptions { prefetch: (options.prefetch / NOTICES).max(1), ..options };
        let notices = Line::new(core, core.notices(saga), fewer);
        Self { core: Arc::clone(core), saga: saga.into(), records, notices }
    }

    async fn next(&mut self) -> Option<Result<Delivery, Error>> {
        // A worker that always finds something must still let others run.
        tokio::task::coop::consume_budget().await;
        self.core.timers.ensure_driven(&self.core);
        let Self { core, records, notices, .. } = self;
        loop {
            let (filled, told) = (records.queue.filled.notified(), notices.queue.filled.notified());
            if core.is_closed() {
                return None;
            }
            if let Some(delivery) = notices.take(core).or_else(|| records.take(core)) {
                return Some(Ok(delivery));
            }
            tokio::select! {
                () = filled, if !records.consumer.is_full() => {}
                () = told, if !notices.consumer.is_full() => {}
                () = records.consumer.room.notified() => {}
                () = notices.consumer.room.notified() => {}
            }
        }
    }
}

impl Deliveries for Joined {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Delivery, Error>>> {
        Box::pin(self.next())
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.records.consumer.leave();
        self.notices.consumer.leave();
    }
}

impl fmt::Debug for Joined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries")
            .field("saga", &self.saga)
            .field("consumer", &self.records.consumer)
            .finish_non_exhaustive()
    }
}

/// Settles one delivery: of this item, the so-and-so-manieth. A later delivery of the same is another one.
pub(super) struct Settle {
    core: Arc<Core>,
    item: Item,
    delivered: u64,
}

impl Settle {
    pub(super) fn new(core: &Arc<Core>, item: Item, delivered: u64) -> Self {
        Self { core: Arc::clone(core), item, delivered }
    }
}

impl Ack for Settle {
    fn ack(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.core.settle(&self.item, self.delivered) })
    }

    /// The append has ended the delivery, if it was the record's.
    fn superseded(&self) -> BoxFuture<'_, ()> {
        match self.item.what {
            What::Record(_) => Box::pin(ready(())),
            What::Notice(..) => self.ack(),
        }
    }

    fn nak(&self, delay: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.core.hand_back(&self.item, self.delivered, delay) })
    }

    fn in_progress(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.core.extend(&self.item, self.delivered) })
    }

    fn term(&self, reason: &str) -> BoxFuture<'_, ()> {
        let reason = reason.to_owned();
        Box::pin(async move {
            tracing::warn!(instance = %self.item.instance, what = ?self.item.what, reason, "never to be delivered again");
            self.core.settle(&self.item, self.delivered);
        })
    }
}

/// Somebody who watches an instance.
pub(super) struct Watching {
    core: Arc<Core>,
    instance: InstanceId,
    seen: Option<Revision>,
    changed: Arc<Notify>,
}

impl Watching {
    pub(super) fn new(core: &Arc<Core>, instance: &InstanceId) -> Self {
        let changed = Arc::new(Notify::new());
        core.add_watcher(instance, &changed);
        Self { core: Arc::clone(core), instance: instance.clone(), seen: None, changed }
    }
}

impl Watch for Watching {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Stored, Error>>> {
        Box::pin(async {
            loop {
                // Asked before the record is looked at, so that a record that came before the end is still seen.
                let closed = self.core.is_closed();
                if let Some(stored) = self.core.after(&self.instance, self.seen) {
                    self.seen = Some(stored.revision);
                    return Some(Ok(stored));
                }
                if closed {
                    return None;
                }
                self.changed.notified().await;
            }
        })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.core.remove_watcher(&self.instance, &self.changed);
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("instance", &self.instance).field("seen", &self.seen).finish_non_exhaustive()
    }
}
