//! Long waits: a timer of the server's wakes the instance, and until then nothing of what workers share is taken.
//!
//! A timer is a message in a stream of its own that says when, and to which subject of that stream, the server is to publish
//! it: the *wake*. **The wake carries no state**, only whose record it is for: whoever gets it reads the
//! instance's last record, and if that is another one by now, the wake is void. So late, double and forged wakes do
//! no harm; and the wake stands for the record until it is acknowledged, so that a lost worker's wake comes again.
//!
//! There is one timer for each instance: a later one takes the place of the former.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use async_nats::header::{HeaderMap, NATS_SCHEDULE, NATS_SCHEDULE_TARGET};
use jiff::Timestamp;

use super::Carrier;
use super::ack::{About, NatsAck};
use super::hands::InHand;
use super::publish::Refusal;
use super::read::{self, Last};
use crate::transport::{Ack, Delivery, InstanceId, Revision};

/// Up to this, handing a delivery back with a delay is cheaper than a timer: it costs one message to the server, but
/// counts as an open delivery meanwhile, of which all workers of a saga can have 20,000.
pub(super) const SHORT: Duration = Duration::from_secs(5);

/// The longest time for which a delivery is handed back when no timer can be set: then that is tried again.
pub(super) const WITHOUT: Duration = Duration::from_secs(30);

/// When a wake comes again that could not be dealt with.
const AGAIN: Duration = Duration::from_secs(1);

/// Has the server wake the instance at a time, for its record with this revision. On success the server has the timer.
pub(super) async fn set(
    carrier: &Carrier,
    instance: &InstanceId,
    revision: Revision,
    due: Timestamp,
) -> Result<(), String> {
    let subject = carrier.layout.timer(instance);
    let mut headers = HeaderMap::new();
    headers.insert(NATS_SCHEDULE, format!("@at {due}"));
    headers.insert(NATS_SCHEDULE_TARGET, carrier.layout.wake(instance, revision));
    publish(carrier, subject, headers, revision).await.map_err(|error| error.to_string())
}

/// Publishes a message about a revision into the stream of timers, and waits for the server's answer.
pub(super) async fn publish(
    carrier: &Carrier,
    subject: String,
    headers: HeaderMap,
    revision: Revision,
) -> Result<(), Refusal> {
    carrier.publisher.publish(subject, headers, revision.to_string().into()).await.map(drop)
}

/// What a wake delivers: the record that it is for. `None`: there is nothing to deliver, and the wake has been settled.
pub(super) async fn delivery(
    carrier: Arc<Carrier>,
    (instance, revision): (InstanceId, Revision),
    message: Message,
    in_hand: InHand,
) -> Option<Delivery> {
    let reply = message.reply?;
    let delivered = About::read(&reply)?.delivered;
    let handle = NatsAck {
        carrier: Arc::clone(&carrier),
        reply,
        instance: instance.clone(),
        revision,
        wake: true,
        _in_hand: in_hand,
    };
    match read::last(&carrier, &instance).await {
        Ok(Some(Last { stored, .. })) if stored.revision == revision => {
            let (payload, handle) = (stored.payload, Box::new(handle));
            return Some(Delivery { instance, revision, payload, delivered, notice: None, handle });
        }
        Ok(last) => {
            tracing::debug!(%instance, %revision, "a wake came for a record that is no longer the last");
            match restore(&carrier, &instance, last).await {
                Ok(()) => handle.ack().await,
                Err(_) => handle.nak(AGAIN).await,
            }
        }
        Err(error) => {
            tracing::warn!(%instance, "a wake came, and its record can't be read; it comes again: {error}");
            handle.nak(AGAIN).await;
        }
    }
    None
}

/// The timer of a former record, set by a worker that was long asleep, may have taken the place of the last record's:
/// so that one is set again.
async fn restore(carrier: &Carrier, instance: &InstanceId, last: Option<Last>) -> Result<(), String> {
    match last {
        Some(Last { stored, not_before: Some(due), .. }) if due > Timestamp::now() && due < Timestamp::MAX => {
            set(carrier, instance, stored.revision, due).await
        }
        _ => Ok(()),
    }
}
