//! Evidence as a run leaves it, made up: perfect, and then spoilt.

use jiff::Timestamp;
use serde_json::json;

use super::super::chain::{Seen, Sent};
use super::super::record::{Frame, Pending, Record, StepCall};
use super::super::{Audited, Evidence, Kind, judge};
use super::source;
use crate::effects::{Effect, Result as Noted, What, Which};
use crate::faults::Incident;
use crate::oracle::{Call, Expected, Outcome, expect};
use crate::shape::{Ending, Shape};

pub(super) const SEED: u64 = 5;

/// The evidence of one instance.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) number: u64,
    pub(super) expected: Expected,
    pub(super) seen: Vec<Seen>,
    pub(super) sent: Vec<Sent>,
    pub(super) effects: Vec<Effect>,
    pub(super) incidents: Vec<Incident>,
}

impl Case {
    /// Evidence of an instance that has run as it must.
    pub(super) fn perfect(number: u64) -> Self {
        let expected = expect(SEED, &Shape::of(SEED, number));
        let mut case =
            Self { number, expected, seen: Vec::new(), sent: Vec::new(), effects: Vec::new(), incidents: Vec::new() };
        let (mut attempts, mut undone) = (0, 0);
        for (place, call) in case.expected.calls.clone().iter().enumerate() {
            for attempt in 1..=call.fate.stumbles + 1 {
                case.append(case.waiting(place, attempt, attempts, undone));
                case.execute(call, attempt);
                attempts += 1;
            }
            undone += u64::from(call.undoes);
        }
        case.append(case.ended(attempts, undone));
        case
    }

    /// An instance that fails after some retries, and undoes at least three calls.
    pub(super) fn unwinding() -> Self {
        let fits = |case: &Self| {
            let calls = &case.expected.calls;
            let undone = calls.iter().filter(|call| call.undoes).count();
            undone >= 3 && calls.iter().any(|call| call.fate.stumbles == 1 && !call.undoes)
        };
        (0..10_000).map(Self::perfect).find(fits).expect("there is one")
    }

    /// One with a long chain of successes.
    pub(super) fn completing() -> Self {
        let fits = |case: &Self| matches!(case.expected.outcome, Outcome::Completed(_)) && case.seen.len() > 8;
        (0..10_000).map(Self::perfect).find(fits).expect("there is one")
    }

    pub(super) fn append(&mut self, record: Record) {
        let after = self.seen.last().map_or(0, |last| last.revision);
        let number = self.seen.len() as u64;
        // Other instances' records lie between.
        let (revision, stored) = (10 * number + 7, 1_000_000 * (number + 1));
        self.seen.push(Seen { revision, after: Some(after), stored, record, told: true });
    }

    /// Executes an attempt after the last record.
    pub(super) fn execute(&mut self, call: &Call, attempt: u32) {
        let at = self.seen.last().map_or(0, |last| last.stored);
        let key = format!("{}/{}/{}", self.expected.instance, call.site, call.occurrence);
        let which = Which { key, step: call.step.to_owned(), attempt };
        let good = call.fate.ending == Ending::Success && attempt > call.fate.stumbles;
        let result = if good { Noted::Output } else { Noted::Error };
        let begun = What::Begun { number: self.number, place: call.place };
        for (at, what) in [(at + 1_000, begun), (at + 2_000, What::Ended(result))] {
            self.effects.push(Effect { at, which: which.clone(), process: 1, what });
        }
    }

    pub(super) fn record(&self, status: &str, steps: u64, attempts: u64, undone: u64) -> Record {
        let (saga, id) = self.expected.instance.split_once('/').expect("it has both");
        let (saga, id, status) = (saga.to_owned(), id.to_owned(), status.to_owned());
        Record { saga, id, status, steps, attempts, undone, frame: None, output: None, cause: None, reason: None }
    }

    pub(super) fn waiting(&self, place: usize, attempt: u32, attempts: u64, undone: u64) -> Record {
        let call = &self.expected.calls[place];
        let status = if call.undoes { "unwinding" } else { "running" };
        let step = StepCall {
            step: call.step.to_owned(),
            args: call.args.clone(),
            site: call.site.clone(),
            occurrence: call.occurrence,
            attempt,
            lost: 0,
            not_before: (attempt > 1).then_some(Timestamp::UNIX_EPOCH),
        };
        let frame = Some(Frame { pending: Some(Pending { step }) });
        Record { frame, ..self.record(status, place as u64 + 1, attempts, undone) }
    }

    pub(super) fn ended(&self, attempts: u64, undone: u64) -> Record {
        let outcome = &self.expected.outcome;
        let record = self.record(outcome.status(), self.expected.calls.len() as u64, attempts, undone);
        match outcome {
            Outcome::Completed(value) => Record { output: Some(json!({ "Ok": value })), ..record },
            Outcome::Compensated(text) | Outcome::Failed(text) => {
                let (output, cause) = (json!({ "Err": { "message": text } }), json!({ "error": text }));
                Record { output: Some(output), cause: Some(cause), ..record }
            }
        }
    }

    /// Each record follows the one before it, as if nothing else had ever been there.
    pub(super) fn linked(mut self) -> Self {
        let mut last = 0;
        for seen in &mut self.seen {
            seen.after = Some(last);
            last = seen.revision;
        }
        self
    }

    pub(super) fn judged(self) -> Audited {
        let mut evidence = Evidence::default();
        let records = evidence.instances.entry(self.expected.instance.clone()).or_default();
        (records.seen, records.sent) = (self.seen, self.sent);
        self.effects.into_iter().for_each(|effect| evidence.executions.take(effect));
        judge(&source(self.number, self.incidents), evidence)
    }

    /// What is found, without the texts.
    pub(super) fn found(self) -> Vec<Kind> {
        let mut kinds: Vec<_> = self.judged().findings.into_iter().map(|finding| finding.kind).collect();
        kinds.dedup();
        kinds
    }

    /// The place of the first record that waits for a call like that.
    pub(super) fn place(&self, wanted: impl Fn(&StepCall, &Record) -> bool) -> usize {
        let fits = |seen: &Seen| seen.record.call().is_some_and(|call| wanted(call, &seen.record));
        self.seen.iter().position(fits).expect("there is one")
    }

    pub(super) fn call_mut(&mut self, place: usize) -> &mut StepCall {
        let frame = self.seen[place].record.frame.as_mut().expect("it waits");
        &mut frame.pending.as_mut().expect("it waits").step
    }

    /// Exchanges what two records say, and leaves them where they are.
    pub(super) fn exchange(&mut self, one: usize, other: usize) {
        let record = self.seen[one].record.clone();
        self.seen[one].record = std::mem::replace(&mut self.seen[other].record, record);
    }
}
