//! The record: all that there is of an instance. **Every persisted type stands in this module**; a change to one
//! comes with a fixture of the old form that must still load (`fixtures/`).
//!
//! A record is JSON, readable with any NATS tool:
//!
//! ```json
//! {
//!   "format": 1, "saga": "checkout", "id": "order-42", "status": "running",
//!   "started": "2026-11-22T14:03:51Z", "updated": "2026-11-22T14:03:52Z", "steps": 2,
//!   "frame": {
//!     "state": "create_order",
//!     "vars": { "user.id": 7, "total": 1290 },
//!     "pending": { "step": { "step": "create_order", "args": { "user": 7, "total": 1290 }, "occurrence": 2, "attempt": 1 } },
//!     "undo": [ { "step": "delete_user", "args": { "id": 7 }, "site": "create_user", "occurrence": 1 } ]
//!   }
//! }
//! ```
//!
//! What an instance waits for is a tree ([`Node`]); so far its only leaf is a step.

mod codec;
mod fault;
mod strict;
#[cfg(test)]
mod tests;
mod value;

pub use codec::{Codec, Json};
pub(crate) use codec::{decode, encode};
pub use fault::{Cause, Fault, FaultKind};
pub use value::{Unreadable, Unserializable, Value, Vars};

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// The format of records that this version writes.
pub const FORMAT: u32 = 1;

/// One instance, as it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// The form of this record; one that is greater than [`FORMAT`] comes from a newer version.
    pub format: u32,
    /// The saga's name.
    pub saga: String,
    /// The instance's id.
    pub id: String,
    /// Where it stands.
    pub status: Status,
    /// When the instance was started.
    pub started: Timestamp,
    /// When this record was made.
    pub updated: Timestamp,
    /// How many step calls the instance has made, compensations included. Numbers the calls ("occurrence").
    #[serde(default)]
    pub steps: u64,
    /// How many attempts have been finished so far, over all steps.
    #[serde(default)]
    pub attempts: u64,
    /// The saga's frame; none in a terminal or paused record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<Frame>,
    /// Why the instance unwinds, or has unwound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// What the saga returned (its `Output`, `Ok` or `Err`), in a terminal record and while it unwinds.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// How many compensations have been run.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub undone: u64,
    /// Why the instance is paused or stuck: for an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// In a paused record: the record that was there before, untouched (as JSON, or as a string if it was none).
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub original: Option<Value>,
    /// Set while workers whose code doesn't know this record hand it back to others (a rolling deploy).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_back: Option<HandBack>,
    /// Room for what applications attach; carried along untouched.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, Value>,
}

/// How a record has been handed back by workers whose code doesn't know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandBack {
    /// How often.
    pub times: u32,
    /// It is not to be taken up before this time.
    pub until: Timestamp,
}

/// Where an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// It runs, or waits for its next attempt.
    Running,
    /// It runs its compensations, last first.
    Unwinding,
    /// A compensation has failed for good: it waits for an operator.
    Stuck,
    /// Something is wrong with its record or its worker (see the reason): it waits for an operator.
    Paused,
    /// It has returned its value.
    Completed,
    /// It has failed, and what it had done has been undone.
    Compensated,
    /// It has failed, and there was nothing to undo.
    Failed,
}

impl Status {
    /// Whether the instance has come to its end.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Compensated | Self::Failed)
    }
}

/// The state of one saga function: where it waits, with what.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Frame {
    /// The state's name: after the step that it waits for. Empty: at the beginning.
    pub state: String,
    /// The variables that are read later; at the beginning, the arguments.
    #[serde(default)]
    pub vars: Vars,
    /// What it waits for; none at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Box<Node>>,
    /// The compensations that are registered, in order of registration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<Undo>,
}

/// What a frame waits for: a tree of leaves. (Timers, joins, races and nested sagas are further variants.)
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Node {
    /// One call of a step.
    Step(StepCall),
}

/// A call of a step, and how its attempts stand.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepCall {
    /// The step's name.
    pub step: String,
    /// Its arguments (the step's message).
    pub args: Value,
    /// Where it was called: a state's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub site: String,
    /// Which call of the instance it is; with the site it makes the idempotency key.
    #[serde(default)]
    pub occurrence: u64,
    /// The attempt that is to be made next or is being made, from 1.
    #[serde(default = "first")]
    pub attempt: u32,
    /// How often a worker has been lost while it made this attempt.
    #[serde(default, skip_serializing_if = "is_zero_u32")]
    pub lost: u32,
    /// When the first attempt could begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The attempt is not to be made before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The delay that led to `not_before` (before jitter), in milliseconds: what the next one grows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// How the attempt before failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Set when the body takes faults as values (`.outcome()`), instead of unwinding.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub catch: bool,
}

/// A compensation that is registered: a step to run if the saga fails.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undo {
    /// The compensating step's name.
    pub step: String,
    /// Its arguments.
    pub args: Value,
    /// Which call it undoes: site …
    pub site: String,
    /// … and occurrence.
    pub occurrence: u64,
    /// Registered before the first attempt: it shares the forward step's idempotency key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub before: bool,
}

/// A value that is there is there, even if it is `null` (the output of a saga that returns nothing).
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_zero_u32(n: &u32) -> bool {
    *n == 0
}
