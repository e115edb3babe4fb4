//! The engine: from one record to the next. **Pure**: no I/O, no clock, no chance of its own, nothing async.
//!
//! A worker asks [`plan`] what a record wants, does it, tells [`apply`] how it went, and appends what comes out:
//!
//! ```text
//!            Begin                       attempt ended, body goes on
//!  start ──▶ running ──────────────────────────────────────────────┐
//!            │  ▲ └── attempt failed, another allowed: attempt + 1 ─┤
//!            │  └───────────────────────────────────────────────────┘
//!            ├── body returned a value ──▶ completed
//!            ├── body returned an `Err`, or a fault that it does not take ──▶ unwinding (or failed: nothing to undo)
//!            │       ├── compensations left: the last one is the pending step
//!            │       ├── all run ──▶ compensated
//!            │       └── one failed for good ──▶ stuck
//!            └── code and record don't fit ──▶ paused (the record kept untouched inside)
//! ```
//!
//! Everything that is not in this picture is [`Halt::Illegal`], and is found here and nowhere else.

mod attempt;
mod body;
mod hand_back;
mod paused;
mod plan;
mod start;
#[cfg(test)]
mod tests;
mod unwind;

pub(crate) use attempt::Ending;
pub(crate) use hand_back::{Head, handed_back, head};
pub(crate) use paused::{about_size, paused};
pub(crate) use plan::{Plan, newer, plan};
pub(crate) use start::start;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::definition::SagaDefinition;
use crate::record::{Record, Status};

/// So many bytes below a transport's limit a record must stay, so that a paused record that wraps it always fits.
pub(crate) const RESERVE: usize = 4096;

/// What has happened to an instance.
#[derive(Debug)]
pub(crate) enum Event {
    /// The saga is to be taken up at its beginning.
    Begin,
    /// An attempt of the pending step has ended.
    Ended(Ending),
    /// The worker that held the record, and perhaps ran the pending step, has gone without a word.
    WorkerLost {
        /// From this many lost workers on, the attempt counts as failed.
        limit: u32,
    },
    /// The pending step is not to be attempted before this time (its circuit breaker is open).
    Postponed(Timestamp),
}

/// What the engine can't know by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// The present time.
    pub now: Timestamp,
    /// Two independent random numbers in [0, 1).
    pub chance: [f64; 2],
    /// The failure rate of the pending step in this worker, 0 to 1.
    pub failure_rate: f64,
}

/// Why there is no next record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// The instance can't go on by itself: it is to be paused for this reason.
    Pause(String),
    /// This event can't happen to this record: a bug of whoever calls.
    Illegal(String),
}

/// The record after an event.
///
/// # Errors
///
/// See [`Halt`]. The record that was given is then what still holds.
pub(crate) fn apply(
    mut record: Box<Record>,
    event: Event,
    definition: &SagaDefinition,
    moment: &Moment,
) -> Result<Box<Record>, Halt> {
    let pending = record.frame.as_ref().is_some_and(|frame| frame.pending.is_some());
    record.updated = moment.now;
    record.handed_back = None;
    match (record.status, event, pending) {
        (Status::Running, Event::Begin, false) => body::begin(record, definition, moment),
        (Status::Running | Status::Unwinding, Event::Ended(ending), true) => {
            attempt::ended(record, ending, definition, moment)
        }
        (Status::Running | Status::Unwinding, Event::WorkerLost { limit }, true) => {
            attempt::worker_lost(record, limit, definition, moment)
        }
        (Status::Running | Status::Unwinding, Event::Postponed(until), true) => {
            pending_step(&mut record)?.not_before = Some(until);
            Ok(record)
        }
        (status, event, pending) => {
            Err(Halt::Illegal(format!("{event:?} in status {status:?} with pending: {pending}; please report it")))
        }
    }
}

fn pending_step(record: &mut Record) -> Result<&mut crate::record::StepCall, Halt> {
    record
        .frame
        .as_mut()
        .and_then(|frame| frame.pending.as_mut())
        .map(|node| node.leaf_mut())
        .ok_or_else(|| Halt::Illegal("there is no pending step; please report it".to_owned()))
}

/// The longest text of an error or reason that goes into a record, in bytes: a record must not outgrow its transport
/// because an error is talkative.
const MOST_TEXT: usize = 1024;

/// A text, cut to what a record takes.
fn short(mut text: String) -> String {
    if text.len() > MOST_TEXT {
        text.truncate(text.floor_char_boundary(MOST_TEXT));
        text.push('…');
    }
    text
}

/// A time that lies `delay` after another.
pub(crate) fn after(time: Timestamp, delay: Duration) -> Timestamp {
    let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
    time.saturating_add(delay).unwrap_or(Timestamp::MAX)
}

/// How long `later` lies after `time`; nothing if it doesn't.
pub(crate) fn until(time: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(time)).unwrap_or_default()
}
