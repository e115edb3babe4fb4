//! What workers and watchers hold: the stream of deliveries, their acknowledgement, a watch.

use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::Notify;

use super::core::Core;
use super::queue::{Consumer, Queue};
use crate::Error;
use crate::transport::{Ack, Deliveries, Delivery, DeliveryOptions, InstanceId, Revision, Stored, Watch};

/// A worker that has joined a saga's workers. It holds nothing back: a delivery is made when it is asked for.
pub(super) struct Joined {
    core: Arc<Core>,
    saga: Box<str>,
    queue: Arc<Queue>,
    consumer: Arc<Consumer>,
}

impl Joined {
    pub(super) fn new(core: &Arc<Core>, saga: &str, options: DeliveryOptions) -> Self {
        let consumer = Arc::new(Consumer::new(options));
        core.timers.add(Arc::clone(&consumer));
        Self { core: Arc::clone(core), saga: saga.into(), queue: core.queue(saga), consumer }
    }

    async fn next(&mut self) -> Option<Result<Delivery, Error>> {
        // A worker that always finds something must still let others run.
        tokio::task::coop::consume_budget().await;
        self.core.timers.ensure_driven(&self.core);
        loop {
            let filled = self.queue.filled.notified();
            if self.core.is_closed() {
                return None;
            }
            if self.consumer.is_full() {
                self.consumer.room.notified().await;
            } else if let Some(delivery) = self.core.take(&self.queue, &self.consumer) {
                return Some(Ok(delivery));
            } else {
                filled.await;
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
        self.consumer.leave();
    }
}

impl fmt::Debug for Joined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries").field("saga", &self.saga).field("consumer", &self.consumer).finish_non_exhaustive()
    }
}

/// Settles one delivery: of this record, the so-and-so-manieth. A later delivery of the same record is another one.
pub(super) struct Settle {
    core: Arc<Core>,
    instance: InstanceId,
    revision: Revision,
    delivered: u64,
}

impl Settle {
    pub(super) fn new(core: &Arc<Core>, instance: InstanceId, revision: Revision, delivered: u64) -> Self {
        Self { core: Arc::clone(core), instance, revision, delivered }
    }
}

impl Ack for Settle {
    fn ack(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.core.settle(&self.instance, self.revision, self.delivered) })
    }

    /// The append has ended the delivery.
    fn superseded(&self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }

    fn nak(&self, delay: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.core.hand_back(&self.instance, self.revision, self.delivered, delay) })
    }

    fn in_progress(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.core.extend(&self.instance, self.revision, self.delivered) })
    }

    fn term(&self, reason: &str) -> BoxFuture<'_, ()> {
        let reason = reason.to_owned();
        Box::pin(async move {
            tracing::warn!(instance = %self.instance, revision = %self.revision, reason, "never to be delivered again");
            self.core.settle(&self.instance, self.revision, self.delivered);
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
