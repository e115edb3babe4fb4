//! The engine: from one record to the next. **Pure**: no I/O, no clock, no chance of its own, nothing async.
//!
//! A worker asks [`plan`] what a record wants, does it, tells [`apply`] how it went, and appends what comes out:
//!
//! ```text
//!            Begin                       attempt ended, body goes on
//!  start ──▶ running ──────────────────────────────────────────────┐
//!            │  ▲ └── attempt failed, another allowed: attempt + 1 ─┤
//!            │  └───────────────────────────────────────────────────┘
//!            ├── body returned a value ──▶ completed (after what it has deferred was run, like compensations)
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
mod branches;
mod changes;
mod children;
mod fit;
mod hand_back;
mod line;
mod mail;
mod notes;
mod operate;
mod paused;
mod plan;
mod promises;
mod saved;
mod scope;
mod start;
mod started;
#[cfg(test)]
mod tests;
mod tree;
mod turn;
mod unwind;

pub(crate) use attempt::{Ended, Ending, last_chance};
pub(crate) use changes::Path;
pub(crate) use children::{
    ATTACH, CHILD, Outgoing, Sent, attach, child_end, children, id_of, key_of, only_children_ended, outgoing,
    started_by, waits_for_children,
};
pub(crate) use fit::fit;
pub(crate) use hand_back::{Head, handed_back, head};
pub(crate) use line::{LINE, TURN};
pub(crate) use mail::{
    Body, CANCEL, Letter, Looked, PAUSE, awaits, is_of_requests, queue_of_answer, queue_of_promise, queue_of_requests,
    taken,
};
#[cfg(feature = "testing")]
pub(crate) use mail::{is_of_promise, requested};
pub(crate) use notes::{Changes, fold};
pub(crate) use operate::{Refused, Which, note_pause, resumed, retried, said, skipped, terminated};
pub(crate) use paused::{about_size, paused};
pub(crate) use plan::{Plan, looks, newer, plan, wakes};
pub(crate) use saved::keep;
pub(crate) use start::{beginning, begun, start};

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::definition::SagaDefinition;
use crate::record::{Cause, Fault, FaultKind, Record, Status};
use mail::Inbox;
use turn::{Raised, Turn};

/// So many bytes below a transport's limit a record must stay, so that a paused record that wraps it always fits.
pub(crate) const RESERVE: usize = 4096;

/// What has happened to an instance.
#[derive(Debug)]
pub(crate) enum Event {
    /// The saga is to be taken up at its beginning.
    Begin,
    /// Attempts of steps have ended.
    Ended(Vec<Ended>),
    /// Timers have come to their end: those up to this time.
    Tick(Timestamp),
    /// Mail has come.
    Mail(Vec<Letter>),
    /// Somebody has looked for mail. Boxed, as events are part of what works on a delivery, of which there are many.
    Looked(Box<Looked>),
    /// What the record wants to have sent was sent.
    Sent(Vec<Sent>),
}

impl Event {
    /// Whether it brings nothing, though mail was to come.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Mail(letters) => letters.is_empty(),
            Self::Looked(looked) => looked.letters.is_empty(),
            _ => false,
        }
    }
}

/// Why there is no next record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// The instance can't go on by itself: it is to be paused for this reason.
    Pause(String),
    /// This event can't happen to this record: a bug of whoever calls.
    Illegal(String),
}

/// Makes the record that follows after an event. The ways to the branches of the tree that have changed, if nothing else has but the
/// record's counters.
///
/// # Errors
///
/// See [`Halt`]. The record is spoiled then: what is stored is what still holds.
pub(crate) fn apply(
    record: &mut Record,
    event: Event,
    definition: &SagaDefinition,
    now: Timestamp,
) -> Result<Option<Vec<Path>>, Halt> {
    let pending = record.frame.as_ref().is_some_and(|frame| frame.pending.is_some());
    record.updated = now;
    record.handed_back = None;
    record.held = None;
    let mut turn = Turn::of(record, definition, now);
    match (record.status, event, pending) {
        (Status::Running, Event::Begin, false) => {
            if line::enter(record, definition)? {
                return Ok(turn.changes.into_branches());
            }
            begin(record, definition, None);
        }
        (Status::Running | Status::Unwinding, Event::Ended(ended), true) => turn.ended = ended,
        (Status::Running, Event::Tick(due), true) => turn.due = due,
        (Status::Running, Event::Mail(letters), true) => turn.inbox = Inbox::of(letters, record.life)?,
        // Before its beginning it waits for nothing, and can only be cancelled.
        (Status::Running, Event::Mail(letters), false)
            if letters.iter().all(|letter| matches!(letter.body, Body::Cancel)) =>
        {
            turn.inbox = Inbox::of(letters, record.life)?;
        }
        (Status::Running, Event::Looked(looked), false) if record.line.is_some() => {
            turn.inbox = Inbox::looked(*looked, record.life)?;
            if turn.inbox.next(TURN).is_none() {
                turn.note_taken(record);
                return Ok(turn.changes.into_branches());
            }
            record.line = None;
            begin(record, definition, Some(now));
        }
        (Status::Running, Event::Looked(looked), true) => turn.inbox = Inbox::looked(*looked, record.life)?,
        // An instance that unwinds still waits for its children.
        (Status::Unwinding, Event::Looked(looked), true) if looked.letters.iter().all(Letter::is_end) => {
            turn.inbox = Inbox::looked(*looked, record.life)?;
        }
        (Status::Running | Status::Unwinding, Event::Sent(sent), true) => turn.sent = sent,
        (status, event, pending) => {
            return Err(Halt::Illegal(format!(
                "{event:?} in status {status:?} with pending: {pending}; please report it"
            )));
        }
    }
    turn.inbox.bring(std::mem::take(&mut record.brought));
    go_on(record, pending, &mut turn)?;
    if let Some(Ended { of, ending, .. }) = turn.ended.first() {
        return Err(Halt::Illegal(format!("{ending:?} of call {of}, which is not pending; please report it")));
    }
    turn.count_in(record);
    turn.say_in(record)?;
    turn.note_taken(record);
    turn.note_promises(record);
    record.history = definition.history().map(|keep| keep.as_secs().max(1));
    Ok(turn.changes.into_branches())
}

/// An instance begins: now, or at the time that was set for that.
fn begin(record: &mut Record, definition: &SagaDefinition, now: Option<Timestamp>) {
    let set = record.begins.take().unwrap_or(record.started).max(record.started);
    record.deadline = definition.deadline().map(|deadline| after(now.unwrap_or(set), deadline));
}

/// The event goes through what is pending, and the saga's code runs on if that has come to its end.
fn go_on(record: &mut Record, pending: bool, turn: &mut Turn<'_>) -> Result<(), Halt> {
    let went = match (record.status, &mut record.frame) {
        (Status::Unwinding, _) => unwind::resume(record, turn),
        (_, None) => Err(Halt::Illegal("a body without a frame".to_owned()).into()),
        (_, Some(_)) if record.deadline.is_some_and(|deadline| deadline <= turn.due) => {
            let (of, kind) = (record.saga.clone(), FaultKind::DeadlinePassed);
            let origin = Some(Box::new(turn.origin("", 0)));
            Err(Raised::Fault(Fault { of, kind, message: String::new(), origin }))
        }
        (_, Some(_)) if turn.is_cancelled() => Err(Raised::Fault(turn.cancelled(&record.saga))),
        (_, Some(frame)) => {
            let returned = match pending {
                false => body::advance(&record.saga, frame, None, "", turn),
                true => body::poll(&record.saga, frame, "", turn),
            };
            returned.map(|returned| returned.into_iter().for_each(|returned| end(record, returned, turn)))
        }
    };
    if went.is_err() || !matches!(record.status, Status::Running) {
        turn.changes.note();
    }
    match went {
        Ok(()) => {}
        Err(Raised::Fault(fault)) => unwind::begin(record, Cause::Fault(fault), Vec::new(), turn),
        Err(Raised::Stuck(reason)) => {
            record.status = Status::Stuck;
            record.reason = Some(reason);
        }
        Err(Raised::Halt(halt)) => return Err(halt),
    }
    Ok(())
}

/// The saga has returned.
fn end(record: &mut Record, returned: body::Returned, turn: &mut Turn<'_>) {
    record.output = Some(returned.output);
    match returned.error {
        None => unwind::finish(record, returned.children, turn),
        Some(error) => {
            record.failed = turn.failed.take();
            unwind::begin(record, Cause::Error(error), returned.children, turn);
        }
    }
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
