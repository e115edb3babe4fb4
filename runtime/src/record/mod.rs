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
//! What an instance waits for is a tree ([`Node`]): calls of steps, timers, sagas that are nested in it.

mod child;
mod codec;
mod event;
mod fault;
mod letter;
mod note;
mod origin;
mod scheduled;
mod sent;
mod start;
mod started;
mod strict;
#[cfg(test)]
mod tests;
mod time;
mod trace;
mod tree;
mod value;

pub use child::{Child, ChildEnd, StartedBy};
pub(crate) use child::{decode_end, encode_end};
pub use codec::{Codec, Json};
pub(crate) use codec::{decode, encode};
pub use event::Emitted;
pub(crate) use event::decode_event;
pub use fault::{Cause, Fault, FaultKind};
pub use letter::{Answer, Brought, Letter};
pub use note::{Changed, Note, Progress};
pub(crate) use note::{decode_note, encode_note};
pub use origin::{FailedCall, Origin};
pub use scheduled::ScheduledRun;
pub(crate) use sent::{SIGNAL_FORMAT, SentSignal, decode_signal};
pub use start::{START_FORMAT, Start};
pub(crate) use start::{decode_start, encode_start};
pub use started::{HandleOf, Started};
#[cfg(any(test, feature = "opentelemetry"))]
pub(crate) use trace::Parent;
pub use trace::TraceContext;
pub use tree::{
    Awaited, Branch, Deferred, Join, Nested, Node, Race, Reply, Scoping, StepCall, Take, Timeout, Timer, Undoing,
};
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
    #[serde(with = "time")]
    pub started: Timestamp,
    /// When this record was made.
    #[serde(with = "time")]
    pub updated: Timestamp,
    /// When it is to have ended; if it still runs then, it unwinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// How many calls the instance has made: of steps, compensations included, and of children. Numbers the calls ("occurrence").
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
    /// The failed call that led to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Box<FailedCall>>,
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
    /// Set while a worker goes on from this record with what it has in hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Lease>,
    /// The trace that the instance belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceContext>,
    /// Up to which number the mail of each queue was taken.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub taken: BTreeMap<String, u64>,
    /// The instance that has started this one, if one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Box<StartedBy>>,
    /// The instances that have attached to it: they are told of its end, as a parent is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<StartedBy>,
    /// Which life of this id it is, from 1: one that has come to its end can be started anew.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub life: u32,
    /// Up to which number mail had been taken when the life before came to its end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ended_with: BTreeMap<String, u64>,
    /// The key of the signal or request that it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_with: Option<String>,
    /// Mail that came with the start, and was not taken yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brought: Vec<Brought>,
    /// The requests that have been taken and not answered, by what their answers are to be found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
    /// Answers to requests. Whoever takes the record up tells them first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// How many events the saga has emitted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub emitted: u64,
    /// Those of them that are to be told. Whoever takes the record up does that first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Emitted>,
    /// How long its former records are kept, in seconds, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<u64>,
    /// The promises that are still to be resolved, by number, and what a token must know of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub promises: BTreeMap<u64, String>,
    /// It is not to be taken up at its beginning before this time.
    #[serde(default, with = "time::option", skip_serializing_if = "Option::is_none")]
    pub begins: Option<Timestamp>,
    /// It stands at its beginning, and waits for its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<InLine>,
    /// The schedule that has started it, if one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<Box<ScheduledRun>>,
    /// How far the saga has come, by its own words.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub progress: Option<Value>,
    /// What applications have attached, to find the instance by.
    #[serde(default, rename = "meta", skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Value>,
}

impl Record {
    /// Whether there is something to tell others, before anything else is done with it.
    pub(crate) fn has_to_tell(&self) -> bool {
        !self.answers.is_empty() || !self.events.is_empty()
    }
}

/// Where an instance waits for its turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InLine {
    /// The id of the line.
    pub of: String,
    /// So many of those in the line run at a time.
    pub most: u32,
}

/// How a record has been handed back by workers whose code doesn't know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandBack {
    /// How often.
    pub times: u32,
    /// It is not to be taken up before this time.
    #[serde(with = "time")]
    pub until: Timestamp,
}

/// A worker that runs several steps of one instance side by side, and has appended what came of some of them while others still run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Names the worker: a text that no other one has.
    pub by: String,
    /// Nobody else takes the record up before this time.
    #[serde(with = "time")]
    pub until: Timestamp,
    /// The calls that it runs, or was about to begin: if it is lost, these are the attempts that are lost with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<u64>,
}

/// Where an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// It runs, or waits for its next attempt.
    Running,
    /// It runs its compensations, last first. With no cause, it has succeeded, and runs what it has deferred.
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
    /// An operator has ended it where it stood: **nothing of what it had done was undone**.
    Terminated,
}

impl Status {
    /// Whether the instance does nothing by itself: it has come to its end, or waits for an operator.
    #[must_use]
    pub fn is_at_rest(self) -> bool {
        !matches!(self, Self::Running | Self::Unwinding)
    }

    /// Whether the instance has come to its end.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Compensated | Self::Failed | Self::Terminated)
    }
}

/// The state of one saga function: where it waits, with what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Frame {
    /// The version of the saga whose code it waits for.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub version: u32,
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
    /// The variables that whoever takes it up must know: those with a default, without which older code would go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// What runs beside the code, and what has ended there and was not awaited yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub started: Vec<Started>,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            version: first(),
            state: String::new(),
            vars: Vars::default(),
            pending: None,
            undo: Vec::new(),
            requires: Vec::new(),
            started: Vec::new(),
        }
    }
}

/// A compensation that is registered: a step to run if the saga fails. Or a deferred step, to be run in any case.
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
    /// When it was registered, as a number that grows: compensations are run in the order of these, last first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub order: u64,
    /// The number of its own call, once it has been begun.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub begun: u64,
    /// A deferred step: it is run on every way out of its saga.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
}

/// A value that is there is there, even if it is `null` (the output of a saga that returns nothing).
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_zero_u32(n: &u32) -> bool {
    *n == 0
}

/// The first version of a saga, which is not written.
pub(crate) fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_first(version: &u32) -> bool {
    *version == first()
}
