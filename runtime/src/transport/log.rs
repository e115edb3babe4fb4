//! Logs: what is written down once, and stays for its time for whoever reads it. They are nothing that an instance needs to go on.

use std::time::Duration;

use bytes::Bytes;

use super::instance::{InvalidId, check};
use super::{AppendError, InstanceId};

/// Which log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Log {
    /// What sagas [emit](crate::emit).
    Events,
    /// The former records of instances, of sagas that [want that](crate::Saga::HISTORY).
    History,
}

/// What to write down; see [`Transport::write_line`](super::Transport::write_line).
#[derive(Debug, Clone)]
pub struct Line<'a> {
    /// In which log.
    pub log: Log,
    /// Whose line it is. Whether there is such an instance, a transport doesn't ask.
    pub instance: &'a InstanceId,
    /// Names the line among those of the instance. Signs and length as in an [`InstanceId`].
    pub key: &'a str,
    /// How long it stays.
    pub keep: Duration,
    /// What it says.
    pub payload: Bytes,
}

/// Whose lines to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of<'a> {
    /// Those of all instances of a saga.
    Saga(&'a str),
    /// Those of one instance.
    Instance(&'a InstanceId),
}

/// A line as it stands in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its place in the log. Later lines have greater ones.
    pub position: u64,
    /// Whose line it is.
    pub instance: InstanceId,
    /// Its key.
    pub key: String,
    /// What it says.
    pub payload: Bytes,
}

impl Line<'_> {
    /// Whether its key can be used.
    pub(super) fn check(&self) -> Result<(), AppendError> {
        check("key", self.key).map_err(|invalid: InvalidId| AppendError::Refused(invalid.to_string()))
    }
}
