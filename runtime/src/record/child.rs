//! Children: instances of their own that an instance has started, and how it hears of their ends.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Codec, Deferred, FailedCall, Reply, Unreadable, Unserializable, Vars, first, is_first, time};

/// A child that an instance starts, and waits for if it is not detached.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Child {
    /// Its saga.
    pub saga: String,
    /// Its id; empty until the engine has made one, where the call gives none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The version of its saga that the arguments are for.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub version: u32,
    /// Its arguments, until it is known to be started (or, of one that is attached to, none until its end has been asked for).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Vars>,
    /// Which call of the parent it is.
    #[serde(default)]
    pub occurrence: u64,
    /// Set when the body takes faults as values (`.outcome()`), instead of unwinding.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub catch: bool,
    /// Set when nobody waits for its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detached: bool,
    /// Set when it is somebody else's: it is not started, but its end is asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attached: bool,
    /// The step that undoes what it has done, if its parent fails after its success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Box<Deferred>>,
    /// Set when it has been given up, and has been sent word of that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
}

/// Which instance has started this one, or waits for its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedBy {
    /// Its saga.
    pub saga: String,
    /// Its id.
    pub id: String,
    /// When it was started: an id may be used again after some time.
    #[serde(with = "time")]
    pub started: Timestamp,
    /// By which of its calls.
    pub call: u64,
    /// Set when it does not wait for the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detached: bool,
}

/// What a child's last record says to its parent:
///
/// ```json
/// { "call": 17, "reply": { "output": { "Ok": 1290 } } }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChildEnd {
    /// Which call of the parent it was.
    pub call: u64,
    /// How it has ended: with an output, or a fault.
    pub reply: Reply,
    /// The child as a call that has failed, if the output is an `Err`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Box<FailedCall>>,
}

pub(crate) fn encode_end(codec: &dyn Codec, end: &ChildEnd) -> Result<Bytes, Unserializable> {
    serde_json::to_vec(end).map(|json| codec.encode(json)).map_err(|error| Unserializable(error.to_string()))
}

pub(crate) fn decode_end(codec: &dyn Codec, stored: &Bytes) -> Result<ChildEnd, Unreadable> {
    let json = codec.decode(stored).map_err(Unreadable)?;
    serde_json::from_slice(&json).map_err(|error| Unreadable(error.to_string()))
}
