//! What the proxy sees of a connection is written down: records that are sent, the answers to them, and deliveries.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use super::wire::{Frame, Garbled, Parser};
use crate::effects::now;
use crate::evidence::{Book, Published, Redelivered, instance, raw};

/// The condition of an append.
pub(crate) const CONDITION: &str = "Nats-Expected-Last-Subject-Sequence";

/// What all connections write into.
#[derive(Debug)]
pub(crate) struct Tap {
    /// The prefix of the subjects.
    prefix: String,
    published: Book,
    redelivered: Book,
    /// How often a record or a wake was delivered again.
    pub(crate) redeliveries: AtomicU64,
    /// What was not understood; then the evidence is not whole.
    pub(crate) garbled: Mutex<Vec<String>>,
}

/// Both directions of one connection.
#[derive(Debug)]
pub(crate) struct Wire {
    tap: Arc<Tap>,
    /// The answers that are awaited.
    awaited: Mutex<HashSet<String>>,
    sent: Mutex<Parser>,
    received: Mutex<Parser>,
}

/// The answer to a publish.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    seq: u64,
    error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    #[serde(default)]
    err_code: u64,
}

impl Tap {
    pub(crate) fn new(prefix: &str, published: Book, redelivered: Book) -> Arc<Self> {
        let (redeliveries, garbled) = (AtomicU64::new(0), Mutex::default());
        Arc::new(Self { prefix: prefix.to_owned(), published, redelivered, redeliveries, garbled })
    }

    pub(crate) fn wire(self: &Arc<Self>) -> Arc<Wire> {
        let (awaited, sent, received) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Wire { tap: Arc::clone(self), awaited, sent, received })
    }

    pub(crate) fn flush(&self) -> std::io::Result<()> {
        self.redelivered.flush()?;
        self.published.flush()
    }

    /// Whether a subject is that of a record: `PREFIX.SHARD.SAGA.ID`.
    fn is_record(&self, subject: &str) -> bool {
        let rest = subject.strip_prefix(&*self.prefix).and_then(|rest| rest.strip_prefix('.'));
        rest.and_then(|rest| rest.split('.').next()).is_some_and(|shard| shard.parse::<u16>().is_ok())
    }

    fn understood(&self, read: Result<(), Garbled>) {
        if let Err(Garbled(line)) = read {
            self.garbled.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }
}

impl Wire {
    /// Bytes from a worker or the client, before the server gets them.
    pub(crate) fn sent(&self, bytes: &[u8]) {
        let mut parser = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        self.tap.understood(parser.feed(bytes, |frame| self.on_sent(&frame)));
    }

    /// Bytes from the server.
    pub(crate) fn received(&self, bytes: &[u8]) {
        let mut parser = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        self.tap.understood(parser.feed(bytes, |frame| self.on_received(&frame)));
    }

    fn on_sent(&self, frame: &Frame) {
        if !self.tap.is_record(&frame.subject) {
            return;
        }
        let Some(instance) = instance(&frame.subject) else { return };
        let reply = frame.reply.clone().unwrap_or_default();
        let after = frame.header(CONDITION).and_then(|after| after.parse().ok());
        let record = raw(&frame.payload);
        self.tap.published.write(&Published::Sent { reply: reply.clone(), instance, after, at: now(), record });
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner).insert(reply);
    }

    fn on_received(&self, frame: &Frame) {
        let reply = frame.reply.as_deref().unwrap_or_default();
        if delivered(reply).is_some_and(|delivered| delivered > 1) {
            self.tap.redelivered.write(&Redelivered { at: now(), subject: &frame.subject, reply });
            self.tap.redeliveries.fetch_add(1, Ordering::Relaxed);
        }
        if !self.awaited.lock().unwrap_or_else(PoisonError::into_inner).remove(&frame.subject) {
            return;
        }
        let reply = frame.subject.clone();
        let answer = serde_json::from_slice::<Answer>(&frame.payload);
        self.tap.published.write(&match answer {
            Ok(Answer { error: Some(refusal), .. }) => Published::Refused { reply, code: refusal.err_code },
            Ok(Answer { seq: revision, .. }) if revision > 0 => Published::Stored { reply, revision },
            // Nobody is there to store it.
            _ if frame.headers.starts_with(b"NATS/1.0 503") => Published::Refused { reply, code: 503 },
            // Then nothing is known of it.
            _ => return,
        });
    }
}

/// How often a message has been delivered, from `$JS.ACK.…STREAM.CONSUMER.DELIVERED.SEQUENCE.SEQUENCE.TIME.PENDING`,
/// which newer servers begin with two and end with one more.
fn delivered(reply: &str) -> Option<u64> {
    let tokens: Vec<_> = reply.strip_prefix("$JS.ACK.")?.split('.').collect();
    let first = if tokens.len() == 7 { 0 } else { 2 };
    tokens.get(first + 2)?.parse().ok()
}
