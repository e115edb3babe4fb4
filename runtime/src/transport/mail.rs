//! Mail: what reaches an instance from outside. It is stored before anybody is told of it, and stays until it is taken.

use std::time::Duration;

use bytes::Bytes;

use super::instance::{InvalidId, check};
use super::{AppendError, InstanceId};

/// What to post; see [`Transport::post`](super::Transport::post).
#[derive(Debug, Clone)]
pub struct Post<'a> {
    /// Whose mail it is. Whether there is such an instance, a transport doesn't ask.
    pub instance: &'a InstanceId,
    /// Which of the instance's queues it goes to. Signs and length as in an [`InstanceId`]; those that begin with `$` are sagaflow's own.
    pub name: &'a str,
    /// Names this mail among those of the queue: what is posted again with the same key is dropped. Signs and length as in
    /// an [`InstanceId`].
    pub key: &'a str,
    /// Whether the key is remembered (and with it the mail stays) for as long as the instance lives; otherwise until the mail is
    /// [discarded](super::Transport::discard).
    pub remember: bool,
    /// It is for whoever asks for it ([`mail`](super::Transport::mail)), not for the instance: no worker is told of it, and neither the end of the instance
    /// nor [discarding](super::Transport::discard) what was taken removes it, but this time after it was stored.
    pub answer_for: Option<Duration>,
    /// What it says.
    pub payload: Bytes,
}

/// Which mail is of no use any more; see [`Transport::discard`](super::Transport::discard).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discard<'a> {
    /// What was taken of a queue, and is not to be [remembered](Post::remember).
    Taken {
        /// The queue.
        name: &'a str,
        /// Up to this number.
        up_to: u64,
    },
    /// All mail of the instance, as it has come to its end.
    Ended {
        /// Up to this number. What was posted later may be for an instance that is started anew with this id.
        up_to: u64,
    },
}

impl Post<'_> {
    /// Whether name and key can be used.
    pub(super) fn check(&self) -> Result<(), AppendError> {
        let refused = |invalid: InvalidId| AppendError::Refused(invalid.to_string());
        check("name of a queue", self.name).map_err(refused)?;
        check("key", self.key).map_err(refused)
    }
}

/// Mail, as it stands in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its number. Numbers grow with all mail of an instance, and none comes twice.
    pub number: u64,
    /// What it says.
    pub payload: Bytes,
}

/// Why a record is delivered though nothing has moved it on: there is mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// In this queue of the instance, …
    pub name: String,
    /// … with this number.
    pub number: u64,
}
