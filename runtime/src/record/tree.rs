//! What a frame waits for: a tree of calls, timers, and what stands between them.

use std::num::NonZeroU32;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Answer, Child, FailedCall, Fault, Frame, HandleOf, Undo, Value, is_zero_u32, present, time};

/// A part of what a frame waits for. Steps and timers are the leaves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Node {
    /// One call of a step.
    Step(StepCall),
    /// A time that is waited for.
    Sleep(Timer),
    /// Mail that is waited for: a signal, a request, or what a promise comes to.
    Signal(Awaited),
    /// A saga that runs inside this instance.
    Saga(Box<Nested>),
    /// Something that may take no longer than a timer.
    Timeout(Box<Timeout>),
    /// Something has ended, and what it had done is undone before its caller goes on.
    Undo(Box<Undoing>),
    /// Several branches, all of which are waited for.
    Join(Join),
    /// Several branches, the first of which is waited for.
    Race(Race),
    /// A branch that has ended, and waits for the others.
    Ended(Box<Reply>),
    /// A deferred step is registered, or what is registered is dropped. It ends at once.
    Scope(Scoping),
    /// Something that was started before.
    Handle(HandleOf),
    /// An instance of its own.
    Child(Box<Child>),
    /// A request is answered. It ends at once.
    Answer(Answer),
}

/// A call of a step, and how its attempts stand.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepCall {
    /// The step's name.
    pub step: String,
    /// Its arguments (the step's message).
    pub args: Value,
    /// Where it was called: the name of the state, after those of the sagas that it is nested in
    /// (`wait_for_customer/charge`).
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
    #[serde(default, with = "time::option", skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The attempt is not to be made before this time.
    #[serde(default, with = "time::option", skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Set when that is its turn, by a rate that all workers keep together.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub turn: bool,
    /// The delay that led to `not_before` (before jitter), in milliseconds: what the next one grows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// How the attempt before failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Set when the body takes faults as values (`.outcome()`), instead of unwinding.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub catch: bool,
    /// Set for a deferred step: it undoes nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
    /// Set when this is a compensation by arguments: its site and occurrence are those of the step that it undoes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undoes: bool,
    /// What the step has saved while it ran, for its next attempt.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub saved: Option<Value>,
    /// What an operator has said that it yields, instead of another attempt.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Value>,
}

/// What belongs to the scope of the saga that awaits it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scoping {
    /// A step is to be run when the saga ends.
    Defer(Deferred),
    /// The compensations that are registered are dropped.
    Commit,
}

/// A step that is to be run when the saga ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deferred {
    /// The step's name.
    pub step: String,
    /// Its arguments.
    pub args: Value,
}

/// A time that is waited for. One of the two is there: what the saga has asked for, until the engine has made a time of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// When.
    #[serde(default, with = "time::option", skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// So many milliseconds after it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
}

/// Mail that is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    /// The name of its queue.
    pub name: String,
    /// How many are taken.
    #[serde(default, skip_serializing_if = "Take::is_next")]
    pub take: Take,
}

/// How many signals are taken, and whether they are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Take {
    /// The next one; it is waited for.
    #[default]
    Next,
    /// One, if there is one.
    Present,
    /// All that there are, up to a limit.
    All,
}

impl Take {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
    fn is_next(&self) -> bool {
        *self == Self::Next
    }
}

/// A saga that runs inside its caller's instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Nested {
    /// Its name.
    pub saga: String,
    /// Where it stands. Its compensations are its own until it has returned.
    pub frame: Frame,
    /// Set when the caller takes faults as values (`.outcome()`), instead of unwinding.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub catch: bool,
}

/// Something that may take no longer than a timer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Timeout {
    /// When its time is over.
    pub timer: Timer,
    /// What may take so long.
    pub of: Branch,
}

/// A part of the tree that can be given up while the rest goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Branch {
    /// What it waits for.
    pub node: Node,
    /// The compensations that were registered in it, in order of registration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<Undo>,
    /// Set while it has not begun: what it waits for is as the saga's code has made it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waiting: bool,
}

/// Several branches, all of which are waited for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Join {
    /// The branches, in the order in which they were listed.
    pub of: Vec<Branch>,
    /// Set when the first branch that ends with an error ends the join.
    #[serde(default, rename = "try", skip_serializing_if = "std::ops::Not::not")]
    pub fails_fast: bool,
    /// At most so many branches run at a time; the others have not begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<NonZeroU32>,
}

/// Several branches, the first of which is waited for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Race {
    /// The branches, in the order in which they were listed.
    pub of: Vec<Branch>,
}

/// Something has ended, and what it had done is being undone before its caller goes on: first its children come to their ends, then
/// its compensations are run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undoing {
    /// The children that it had, and that have been given up with it: their ends are waited for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
    /// What is still to be undone, in order of registration. The last one is the one that is called.
    pub undo: Vec<Undo>,
    /// Its call; none while there are children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<StepCall>,
    /// How it has ended.
    pub then: Reply,
    /// Set when that is an `Err`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// The failed call that has led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<FailedCall>>,
}

/// How something that was awaited has ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reply {
    /// With an output (which may be an `Err` of its own).
    Output(Value),
    /// With a request, whose answer is to be found by this key.
    Asked(String, Value),
    /// Without one.
    Fault(Fault),
    /// The time has come.
    Elapsed,
    /// In time.
    InTime(Box<Reply>),
    /// It has taken too long, and was given up.
    TimedOut,
    /// All of several have ended, so.
    All(Vec<Reply>),
    /// It is done, and yields nothing.
    Done,
    /// One of several has ended, and that was enough: its place in the list, and how.
    One(u32, Box<Reply>),
}

fn first() -> u32 {
    1
}
