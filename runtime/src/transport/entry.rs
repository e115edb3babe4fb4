//! Entries: what clients that aren't trusted hand in at the ingress, for workers to admit.

use std::fmt::{self, Debug};

use bytes::Bytes;
use futures::future::BoxFuture;

use super::{Ack, InstanceId};
use crate::Error;

/// What an entry asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// To start the instance.
    Start,
}

/// What a client hands in.
#[derive(Debug, Clone)]
pub struct Enter<'a> {
    /// What it asks for.
    pub kind: EntryKind,
    /// Whose entry it is.
    pub instance: &'a InstanceId,
    /// The encoded entry.
    pub payload: Bytes,
}

/// Why an entry was not handed in, or may not have been.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnterError {
    /// There is one of this kind for this instance already, which no worker has admitted yet.
    #[error("the same has been handed in before, and waits to be admitted")]
    Pending,
    /// The same is being handed in, and not yet decided: try again shortly.
    #[error("undecided: the same is being handed in")]
    Undecided,
    /// The ingress is full, or the transport refuses for now: nothing was stored. Try again later.
    #[error("refused for now: {0}")]
    Busy(String),
    /// No answer came: it may have been handed in or not. Hand it in again: that is harmless.
    #[error("no answer: {0}")]
    Unknown(String),
    /// The entry is larger than the transport takes.
    #[error("the entry has {size} bytes; {limit} is the most that this transport takes")]
    TooLarge {
        /// The entry's size in bytes.
        size: usize,
        /// The most that the transport takes, in bytes.
        limit: usize,
    },
    /// The transport refuses for good (no ingress, permission).
    #[error("refused: {0}")]
    Refused(String),
}

/// The entries of one saga, each to one worker at a time. Dropping it hands back what was not yet taken from it.
pub trait Entries: Debug + Send {
    /// The next entry; waits for one. `None`: the transport was closed. Safe to cancel.
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Entry, Error>>>;
}

/// An entry in the hands of this worker. When it is [acknowledged](Ack::ack) or [given up](Ack::term), it is gone for good.
pub struct Entry {
    /// What it asks for.
    pub kind: EntryKind,
    /// Whose entry it is.
    pub instance: InstanceId,
    /// The encoded entry, from somebody who isn't trusted.
    pub payload: Bytes,
    /// How often it has been delivered, this time included.
    pub delivered: u64,
    /// How to settle it.
    pub handle: Box<dyn Ack>,
}

impl Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("kind", &self.kind)
            .field("instance", &self.instance)
            .field("delivered", &self.delivered)
            .finish_non_exhaustive()
    }
}
