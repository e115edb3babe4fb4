//! Settling one delivery.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_nats::Subject;
use async_nats::jetstream::AckKind;
use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::Carrier;
use super::append::timestamp;
use super::hands::InHand;
use super::timers;
use crate::transport::{Ack, InstanceId, Revision};

/// The shortest delay of a record that is handed back for later. The server delivers a record without delay before all
/// others and at once: a worker that can't take it would spin.
const SHORTEST_DELAY: Duration = Duration::from_millis(50);

/// Settles the delivery whose acknowledgements go to `reply`. What it sends may get lost; nothing depends on it.
pub(super) struct NatsAck {
    pub(super) carrier: Arc<Carrier>,
    pub(super) reply: Subject,
    pub(super) instance: InstanceId,
    pub(super) revision: Revision,
    /// The message that was delivered is a wake, not the record itself.
    pub(super) wake: bool,
    /// Makes room for another delivery when this one is settled and dropped.
    pub(super) _in_hand: InHand,
}

impl NatsAck {
    fn send(&self, what: Bytes) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Err(error) = self.carrier.client.publish(self.reply.clone(), what).await {
                tracing::debug!("an acknowledgement was not sent, its record comes again: {error}");
            }
        })
    }
}

impl Ack for NatsAck {
    fn ack(&self) -> BoxFuture<'_, ()> {
        self.send(AckKind::Ack.into())
    }

    /// The server has ended the delivery when the next record replaced its message. A wake is nobody's to end but ours.
    fn superseded(&self) -> BoxFuture<'_, ()> {
        if self.wake { self.ack() } else { Box::pin(std::future::ready(())) }
    }

    /// A delay of zero says "not I, another worker, now" (as in a shutdown) and is taken at its word; any other is
    /// at least 50 milliseconds.
    fn nak(&self, delay: Duration) -> BoxFuture<'_, ()> {
        let delay = (!delay.is_zero()).then(|| delay.max(SHORTEST_DELAY));
        self.send(AckKind::Nak(delay).into())
    }

    /// A long wait becomes a timer of the server's, and the delivery ends when the server has taken that. If the process
    /// dies in between, the delivery comes again and is parked again, in place of the first timer.
    fn park(&self, delay: Duration) -> BoxFuture<'_, ()> {
        if delay <= timers::SHORT {
            return self.nak(delay);
        }
        Box::pin(async move {
            let due = SystemTime::now().checked_add(delay).map_or(Timestamp::MAX, timestamp);
            match timers::set(&self.carrier, &self.instance, self.revision, due).await {
                Ok(()) => self.ack().await,
                Err(error) => {
                    tracing::warn!(instance = %self.instance, "no timer could be set, so the record comes again before its time: {error}");
                    self.nak(delay.min(timers::WITHOUT)).await;
                }
            }
        })
    }

    fn in_progress(&self) -> BoxFuture<'_, ()> {
        self.send(AckKind::Progress.into())
    }

    fn term(&self, reason: &str) -> BoxFuture<'_, ()> {
        self.send(format!("+TERM {reason}").into())
    }
}

/// What the reply subject of a delivery says about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct About {
    pub(super) revision: u64,
    pub(super) delivered: u64,
}

impl About {
    /// Reads `$JS.ACK.STREAM.CONSUMER.DELIVERED.SEQUENCE.…` and the newer `$JS.ACK.DOMAIN.ACCOUNT.STREAM.CONSUMER.…`.
    /// The client's own reader needs a context of its own for each message.
    pub(super) fn read(reply: &str) -> Option<Self> {
        let rest = reply.strip_prefix("$JS.ACK.")?;
        // Byte by byte: this is done for every delivery.
        let dots = rest.bytes().filter(|byte| *byte == b'.').count();
        let skipped = if dots >= 8 { 4 } else { 2 };
        let mut tokens = rest.as_bytes().split(|byte| *byte == b'.').skip(skipped);
        let delivered = number(tokens.next()?)?;
        let revision = number(tokens.next()?)?;
        Some(Self { revision, delivered })
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
