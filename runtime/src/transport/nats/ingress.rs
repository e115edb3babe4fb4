//! The ingress: a stream that clients hand their starts in to that may not write records, and workers take them from.
//!
//! It is a work queue that refuses when it is full, so that clients hear of it when workers don't keep up. Handing in
//! twice is harmless, as is admitting twice: so an entry whose answer was lost is handed in again, and one whose worker was lost
//! comes again. **What stands in an entry is never more than a wish**: whose it is, the server has checked by its subject;
//! all else a worker makes itself.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use async_nats::header::{HeaderMap, HeaderValue, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE};
use async_nats::jetstream::AckKind;
use async_nats::{Message, Subject};
use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Carrier;
use super::ack::{About, NatsAck};
use super::append::meaning;
use super::deliveries::{Arriving, hand_back};
use super::hands::InHand;
use super::link::State;
use super::pull::Pull;
use super::workers::{JOIN_TIMEOUT, Source, Workers};
use crate::Error;
use crate::transport::{AppendError, DeliveryOptions, Enter, EnterError, Entries, Entry, InstanceId, Revision};

/// One part in so many of what a worker has ahead, it may have of entries, on top.
const ENTRIES: usize = 4;

/// An entry of a kind that this version doesn't know is left to newer workers …
const NEWER: Duration = Duration::from_secs(5);
/// … for so many deliveries; then it is nobody's.
const NEWER_LIMIT: u64 = 60;

/// Hands an entry in, unless the same waits already.
pub(super) async fn enter(carrier: &Carrier, entry: Enter<'_>) -> Result<(), EnterError> {
    if carrier.is_closed() {
        return Err(EnterError::Refused(format!("the transport {} has been closed", carrier.name)));
    }
    let (size, limit) = (entry.payload.len(), carrier.max_record());
    if size > limit {
        return Err(EnterError::TooLarge { size, limit });
    }
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(0u64));
    let subject = carrier.layout.entry(entry.kind, entry.instance);
    let refusal = match carrier.publisher.publish(subject, headers, entry.payload).await {
        Ok(_) => return Ok(()),
        Err(refusal) => refusal,
    };
    Err(match meaning(&refusal, carrier, size) {
        AppendError::Superseded { .. } => EnterError::Pending,
        AppendError::Busy(text) => EnterError::Busy(text),
        AppendError::TooLarge { size, limit } => EnterError::TooLarge { size, limit },
        AppendError::Refused(text) => EnterError::Refused(text),
        AppendError::Undecided => EnterError::Undecided,
        AppendError::Unknown(text) => EnterError::Unknown(format!(
            "{text}; is there a stream `{}`? (the first worker makes it, or `nats::provision`)",
            carrier.layout.ingress_stream()
        )),
    })
}

/// The entries of one saga to one worker.
pub(super) struct NatsEntries {
    carrier: Arc<Carrier>,
    saga: Arc<str>,
    pull: Pull,
    link: watch::Receiver<State>,
    closed: watch::Receiver<bool>,
}

impl NatsEntries {
    pub(super) async fn join(carrier: &Arc<Carrier>, saga: &str, options: DeliveryOptions) -> Result<Self, Error> {
        carrier.check_open()?;
        // Only the name is checked; the id stands for any.
        InstanceId::new(saga, "any")?;
        carrier.ensure_workers_streams(Instant::now() + JOIN_TIMEOUT).await?;
        let saga: Arc<str> = saga.into();
        let (link, closed) = (carrier.link.watch(), carrier.closed.subscribe());
        let workers = Workers { saga: Arc::clone(&saga), source: Source::Entries, ack_wait: options.ack_wait };
        let pull = Pull::join(carrier, workers, (options.prefetch / ENTRIES).max(1)).await?;
        Ok(Self { carrier: Arc::clone(carrier), saga, pull, link, closed })
    }

    async fn next_entry(&mut self) -> Option<Result<Entry, Error>> {
        loop {
            if *self.closed.borrow_and_update() {
                return None;
            }
            let message = tokio::select! {
                biased;
                _ = self.closed.changed() => continue,
                _ = self.link.changed() => {
                    let state = *self.link.borrow_and_update();
                    self.pull.on_link(state);
                    continue;
                }
                message = poll_fn(|cx| self.pull.poll_next(cx)) => message,
            };
            let (message, in_hand) = message?;
            match self.read(message, in_hand) {
                Ok(entry) => return Some(Ok(entry)),
                Err(Some((reply, what))) => {
                    // Lost with the connection, it comes again, and is settled again.
                    let _ = self.carrier.client.publish(reply, what).await;
                }
                Err(None) => {}
            }
        }
    }

    /// Reads a message; for one that is no entry, what to answer.
    fn read(&self, message: Message, in_hand: InHand) -> Result<Entry, Option<(Subject, Bytes)>> {
        let Some((about, reply)) = message.reply.and_then(|reply| Some((About::read(&reply)?, reply))) else {
            return Err(None);
        };
        let carrier = &self.carrier;
        let Some((kind, instance)) = carrier.layout.entered(&message.subject) else {
            let newer = about.delivered < NEWER_LIMIT && carrier.layout.could_be_entered(&message.subject);
            let what = if newer {
                AckKind::Nak(Some(NEWER)).into()
            } else {
                tracing::warn!(
                    "{} at the ingress is nothing that can be admitted: taken out of the way",
                    message.subject
                );
                "+TERM not to be admitted".into()
            };
            return Err(Some((reply, what)));
        };
        let handle = NatsAck {
            carrier: Arc::clone(carrier),
            reply,
            instance: instance.clone(),
            revision: Revision(about.revision),
            // Nobody ends it but the one who admits it.
            wake: true,
            _in_hand: in_hand,
        };
        let (payload, delivered) = (message.payload, about.delivered);
        Ok(Entry { kind, instance, payload, delivered, handle: Box::new(handle) })
    }
}

impl Entries for NatsEntries {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Entry, Error>>> {
        Box::pin(self.next_entry())
    }
}

impl Drop for NatsEntries {
    fn drop(&mut self) {
        let rest: Vec<_> = self.pull.take_rest().into_iter().collect();
        // Without a runtime nothing can be sent any more; the entries come again after the ack wait.
        if let Ok(runtime) = Handle::try_current() {
            let task = runtime.spawn(hand_back(self.carrier.client.clone(), rest, Arriving::new()));
            self.carrier.will_hand_back(task);
        }
    }
}

impl fmt::Debug for NatsEntries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsEntries").field("saga", &self.saga).finish_non_exhaustive()
    }
}
