//! One event, on its way through the tree to the leaf that it is for.

use jiff::Timestamp;

use super::changes::Changes;
use super::children::Sent;
use super::mail::Inbox;
use super::{Ended, Halt};
use crate::about::{self, About};
use crate::definition::SagaDefinition;
use crate::record::{Answer, Emitted, FailedCall, Fault, Origin, Record, ScheduledRun, Started, StepCall, Undo};

/// What has happened, and what the instance counts.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub definition: &'a SagaDefinition,
    pub now: Timestamp,
    /// How attempts have ended, until their calls have taken it.
    pub ended: Vec<Ended>,
    /// Timers up to this time have come to their end.
    pub due: Timestamp,
    pub steps: u64,
    pub attempts: u64,
    pub undone: u64,
    pub changes: Changes,
    /// What has come from outside.
    pub inbox: Inbox,
    /// What has become of what was to be sent, until those that it is about have heard of it.
    pub sent: Vec<Sent>,
    /// The call that has failed last, until something else has come of it than an error.
    pub failed: Option<Box<FailedCall>>,
    /// What was started in the sagas that are worked on, outermost first; see [`started`](super::started).
    pub scopes: Vec<Vec<Started>>,
    /// What the sagas have said about the instance.
    pub about: About,
    /// The requests that have been answered.
    pub answers: Vec<Answer>,
    /// The promises that have been made.
    pub promises: Vec<(u64, String)>,
    /// Whose turn it is: saga and id.
    pub instance: (String, String),
    /// The schedule that has started it.
    pub scheduled: Option<Box<ScheduledRun>>,
}

/// Why a part of the tree can't go on by itself.
#[derive(Debug)]
pub(super) enum Raised {
    /// It has ended without an output, and whoever does not take faults unwinds. The tree is as it was.
    Fault(Fault),
    /// A compensation has failed for good, for this reason.
    Stuck(String),
    /// There is no next record.
    Halt(Halt),
}

impl<'a> Turn<'a> {
    pub(super) fn of(record: &Record, definition: &'a SagaDefinition, now: Timestamp) -> Self {
        let Record { steps, attempts, undone, .. } = *record;
        let instance = (record.saga.clone(), record.id.clone());
        let (ended, changes) = (Vec::new(), Changes::default());
        // Nothing is due but what an event says.
        let (due, failed) = (Timestamp::MIN, None);
        let (inbox, sent, scopes, about) = (Inbox::default(), Vec::new(), Vec::new(), About::default());
        let (answers, promises) = (Vec::new(), Vec::new());
        Self {
            definition,
            now,
            ended,
            due,
            steps,
            attempts,
            undone,
            changes,
            inbox,
            sent,
            failed,
            scopes,
            about,
            answers,
            promises,
            instance,
            scheduled: record.scheduled.clone(),
        }
    }

    /// Notes in the record what has been counted.
    pub(super) fn count_in(&self, record: &mut Record) {
        (record.steps, record.attempts, record.undone) = (self.steps, self.attempts, self.undone);
    }

    /// Keeps what a saga's code has said about the instance.
    pub(super) fn note_about(&mut self, said: About) {
        self.about.attributes.extend(said.attributes);
        self.about.progress = said.progress.or(self.about.progress.take());
        self.about.events.extend(said.events);
    }

    /// Notes in the record what was said: a change of all of it.
    pub(super) fn say_in(&mut self, record: &mut Record) -> Result<(), Halt> {
        let About { attributes, progress, events, .. } = std::mem::take(&mut self.about);
        if !attributes.is_empty() || progress.is_some() || !events.is_empty() {
            self.changes.note();
        }
        record.progress = progress.or(record.progress.take());
        for event in events {
            record.emitted += 1;
            record.events.push(Emitted { number: record.emitted, at: self.now, event });
        }
        about::attach(&mut record.attributes, attributes).map_err(Halt::Pause)
    }

    /// The number of the next call.
    pub(super) fn next_call(&mut self) -> u64 {
        self.steps += 1;
        self.steps
    }

    /// The next place in the order of compensations. Each is registered after a call or an attempt, and these are counted.
    pub(super) fn order(&self) -> u64 {
        self.steps + self.attempts
    }

    /// Whose turn it is: saga and id.
    pub(super) fn instance(&self) -> (&str, &str) {
        (&self.instance.0, &self.instance.1)
    }

    /// What has become of what a child was to be sent, if that is what has happened.
    pub(super) fn sent(&mut self, call: u64) -> Option<Sent> {
        let place = self.sent.iter().position(|sent| sent.call == call)?;
        self.changes.note();
        Some(self.sent.swap_remove(place))
    }

    /// A place in the instance.
    pub(super) fn origin(&self, site: &str, attempt: u32) -> Origin {
        Origin { site: site.to_owned(), attempt, ..Origin::of(&self.instance.0, &self.instance.1) }
    }

    /// Notes that a call has failed.
    pub(super) fn note_failed(&mut self, call: &StepCall) {
        let (of, error) = (call.step.clone(), call.error.clone().unwrap_or_default());
        let origin = self.origin(&call.site, call.attempt);
        self.failed = Some(Box::new(FailedCall { of, error, origin, cause: None }));
    }

    /// How the attempt of this call has ended, if that is what has happened.
    pub(super) fn take(&mut self, occurrence: u64) -> Option<Ended> {
        let place = self.ended.iter().position(|ended| ended.of == occurrence)?;
        self.changes.note();
        Some(self.ended.swap_remove(place))
    }
}

impl From<Halt> for Raised {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

/// Compensations of several places, in the order in which they were registered.
pub(super) fn in_order(mut undo: Vec<Undo>) -> Vec<Undo> {
    undo.sort_by_key(|undo| undo.order);
    undo
}
