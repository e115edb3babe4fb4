//! Deliveries: a record in the hands of one worker.

use std::fmt::{self, Debug};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;

use super::{InstanceId, Notice, Revision, Stored};
use crate::Error;

/// How a worker wants its deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryOptions {
    /// The most deliveries that this worker has at a time: ready for it, or taken and not yet settled (or dropped).
    /// A transport that delivers parked records, or notices, from elsewhere may have up to a quarter more of each (and at least one).
    pub prefetch: usize,
    /// A delivery that is neither settled nor kept alive by [`Ack::in_progress`] for this long is delivered again.
    pub ack_wait: Duration,
}

impl Default for DeliveryOptions {
    /// 64 deliveries ahead, 30 seconds of ack wait.
    fn default() -> Self {
        Self { prefetch: 64, ack_wait: Duration::from_secs(30) }
    }
}

/// The stream of deliveries that one worker gets. Dropping it hands back what was not yet taken from it, some time soon;
/// a worker that stops [leaves](Self::leave).
pub trait Deliveries: Debug + Send {
    /// The next delivery; waits for one. `None`: the transport was closed. Safe to cancel: a delivery is never
    /// lost by dropping the future.
    ///
    /// Faults are the implementation's to mend, with back-off, and its to tell the operator of; an `Err` is for what can't be
    /// mended while the process runs: the worker that gets it ends.
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Delivery, Error>>>;

    /// Leaves the saga's workers: nothing more is delivered here. Returns what this worker was given and has not taken, for
    /// it to hand over in order; by default that is dropped with the stream.
    fn leave(self: Box<Self>) -> BoxFuture<'static, Vec<Delivery>>
    where
        Self: 'static,
    {
        drop(self);
        Box::pin(std::future::ready(Vec::new()))
    }
}

/// A record in the hands of this worker, until it is settled, superseded, or the ack wait has passed.
pub struct Delivery {
    /// Whose record it is.
    pub instance: InstanceId,
    /// Its revision.
    pub revision: Revision,
    /// The encoded record.
    pub payload: Bytes,
    /// How often this record has been delivered, this time included, since it was appended or
    /// [parked](Ack::park) last; some servers forget, so it is a hint.
    pub delivered: u64,
    /// Set if it is delivered since there is mail. **Somebody else may be working on the record at the same time**; and what is settled is the
    /// notice, not the record.
    pub notice: Option<Notice>,
    /// How to settle it.
    pub handle: Box<dyn Ack>,
}

impl Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("instance", &self.instance)
            .field("revision", &self.revision)
            .field("delivered", &self.delivered)
            .field("notice", &self.notice)
            .finish_non_exhaustive()
    }
}

/// Settles one delivery. All calls are fire-and-forget: the condition of an append makes a lost one harmless.
pub trait Ack: Send + Sync {
    /// Done with it: not to be delivered again. The record itself stays.
    fn ack(&self) -> BoxFuture<'_, ()>;

    /// Its record was just superseded by an append of this worker. A transport whose server ends the delivery by
    /// itself may leave the acknowledgement out.
    fn superseded(&self) -> BoxFuture<'_, ()> {
        self.ack()
    }

    /// Hands it back, to be delivered again after `delay`.
    fn nak(&self, delay: Duration) -> BoxFuture<'_, ()>;

    /// Hands it back for long: to be delivered again after `delay`, and until then to take nothing of what workers share
    /// (no prefetch, no limit on open deliveries). Where a delay costs nothing anyway, this is [`nak`](Self::nak), as it
    /// is by default.
    ///
    /// The record is to say so, too ([`Append::not_before`](super::Append::not_before)): a transport that looks for
    /// forgotten records goes by that, and wakes those that don't say that they wait.
    ///
    /// It may be delivered sooner, if the transport can't park it; its [count](Delivery::delivered) may begin anew.
    fn park(&self, delay: Duration) -> BoxFuture<'_, ()> {
        self.nak(delay)
    }

    /// Still being worked on: the ack wait begins anew.
    fn in_progress(&self) -> BoxFuture<'_, ()>;

    /// Never to be delivered again, for `reason`. The record itself stays.
    fn term(&self, reason: &str) -> BoxFuture<'_, ()>;
}

/// The records of one instance as they come; see [`Transport::watch`](super::Transport::watch).
pub trait Watch: Debug + Send {
    /// The next record; waits for one. `None`: the transport was closed. Safe to cancel.
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Stored, Error>>>;
}
