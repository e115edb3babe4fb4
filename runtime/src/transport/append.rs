//! One conditional append: what goes in, and the different answers.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::InstanceId;

/// The position of a record in its stream: grows with every append, never comes twice for one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A record as a transport stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its revision.
    pub revision: Revision,
    /// The encoded record.
    pub payload: Bytes,
}

/// What to append, and on which condition.
#[derive(Debug, Clone)]
pub struct Append<'a> {
    /// Whose record it is.
    pub instance: &'a InstanceId,
    /// The revision that must still be the instance's last; `None`: the instance must have no record.
    pub after: Option<Revision>,
    /// The encoded record.
    pub payload: Bytes,
    /// Not to be delivered before this time. A hint: a transport may deliver earlier, the worker then hands the
    /// delivery back until the time has come. A time that never comes (jiff's `Timestamp::MAX`) says that the record
    /// wants nothing, and waits for whoever appends the next.
    pub not_before: Option<SystemTime>,
    /// Set on a terminal record: how long it stays and protects the id against a second start. Such a record is
    /// not delivered to workers (but for [`deliver`](Self::deliver)), or is acknowledged by them without more ado.
    pub keep: Option<Duration>,
    /// Nobody waits for this record (it is one on the way): those who [watch](super::Transport::watch) the instance need not be
    /// told of it. A transport for which telling them costs something saves that.
    pub quiet: bool,
    /// To be delivered at once in spite of [`not_before`](Self::not_before) or [`keep`](Self::keep): somebody has to look whether there is
    /// [mail](super::Transport::post) that it waits for, or to tell of its end.
    pub deliver: bool,
    /// The record before has [notes](super::Transport::note): they are to be removed, as they are void with it.
    pub noted: bool,
}

impl<'a> Append<'a> {
    /// A record that may be delivered at once, does not end its instance, and is told to those who watch.
    #[must_use]
    pub fn new(instance: &'a InstanceId, after: Option<Revision>, payload: Bytes) -> Self {
        Self { instance, after, payload, not_before: None, keep: None, quiet: false, deliver: false, noted: false }
    }
}

/// Why a record was not appended, or may not have been. Each calls for a different action.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The condition failed: somebody else has moved the instance on (or, with `after: None`, has started it).
    /// Acknowledge the delivery and forget the result.
    #[error("superseded: the instance's last revision is {}", last.map_or_else(|| "another".to_owned(), |r| r.to_string()))]
    Superseded {
        /// The instance's last revision now, where the transport says it.
        last: Option<Revision>,
    },
    /// Another append to the same instance is on its way and not yet decided: try again shortly, never acknowledge.
    #[error("undecided: another append to the same instance is on its way")]
    Undecided,
    /// No answer came: the record may be there or not. Append again: the condition makes that safe.
    #[error("no answer: {0}")]
    Unknown(String),
    /// The transport refuses for now (limits, resources): nothing was stored. Back off, then append again.
    #[error("refused for now: {0}")]
    Busy(String),
    /// The record is larger than the transport takes; it will never be stored.
    #[error("the record has {size} bytes; {limit} is the most that this transport takes")]
    TooLarge {
        /// The record's size in bytes.
        size: usize,
        /// The most that the transport takes, in bytes.
        limit: usize,
    },
    /// The transport refuses for good (permission, configuration, a full or broken disk).
    #[error("refused: {0}")]
    Refused(String),
}
