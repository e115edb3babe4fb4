//! The chain of an instance, held against what the oracle expects: every call in its order, every attempt, the end.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Kind;
use super::chain::Link;
use super::record::{Record, StepCall};
use crate::effects::{Nanos, Result as Noted, Which};
use crate::oracle::{Call, Expected, Outcome};
use crate::shape::Ending;

/// What is known of an instance's course.
#[derive(Debug, Clone, Default)]
pub(crate) struct Course {
    /// Attempts that were announced by a record; those that have a result must have been executed before that was recorded.
    pub(crate) attempts: Vec<Attempt>,
    /// Where it stands, if it has not come to its end.
    pub(crate) stands: Option<String>,
    /// Records that say that a worker was lost.
    pub(crate) taken_over: u64,
}

/// One attempt of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) which: Which,
    pub(crate) number: u64,
    pub(crate) place: u64,
    /// Since when a record asks for it.
    pub(crate) announced: Nanos,
    pub(crate) not_before: Option<Nanos>,
    /// When which result was recorded.
    pub(crate) recorded: Option<(Nanos, Noted)>,
}

/// Where the walk along the chain is.
#[derive(Clone)]
struct Walk<'e> {
    expected: &'e Expected,
    /// Which call is pending.
    place: usize,
    attempt: u32,
    lost: u32,
    course: Course,
}

/// Walks along a chain.
pub(crate) fn check(expected: &Expected, mut links: Vec<Link>, find: &mut impl FnMut(Kind, String)) -> Course {
    let mut walk = Walk { expected, place: 0, attempt: 1, lost: 0, course: Course::default() };
    let Some(first) = links.first() else {
        walk.course.stands = Some("there is no record of it".to_owned());
        return walk.course;
    };
    walk.begin(first, find);
    let mut ended = first.record.is_terminal();
    for place in 1..links.len() {
        walk.choose(&mut links[place - 1..]);
        let (before, link) = (&links[place - 1].record, &links[place]);
        if ended {
            find(Kind::Double, format!("after its end, it was moved on to {}", shown(&link.record)));
            break;
        }
        if !walk.step(before, link, find) {
            // What follows would only say the same again.
            break;
        }
        ended = link.record.is_terminal();
    }
    if let Some(last) = links.last().filter(|last| !last.record.is_terminal()) {
        walk.course.stands = Some(format!("it stands at {}", shown(&last.record)));
    }
    walk.course
}

impl Walk<'_> {
    fn begin(&mut self, link: &Link, find: &mut impl FnMut(Kind, String)) {
        if link.after_gap {
            return self.resume(link);
        }
        let record = &link.record;
        let fits = record.call().is_some_and(|call| is(call, &self.expected.calls[0]) && call.attempt == 1);
        if !fits || record.attempts != 0 || record.steps != 1 || record.status != "running" {
            find(Kind::OutOfOrder, format!("it begins with {}", shown(record)));
        }
        self.announce(link);
    }

    /// From one record to the next. `false`: it makes no sense to go on.
    fn step(&mut self, before: &Record, link: &Link, find: &mut impl FnMut(Kind, String)) -> bool {
        let record = &link.record;
        if link.after_gap {
            self.resume(link);
            return true;
        }
        if record.is_terminal() {
            return self.end(before, link, find);
        }
        let Some(call) = record.call().filter(|_| matches!(record.status.as_str(), "running" | "unwinding")) else {
            find(Kind::OutOfOrder, format!("{} became {}", shown(before), shown(record)));
            return false;
        };
        let calls = &self.expected.calls;
        let is_same = is(call, &calls[self.place]);
        let is_next = !is_same && calls.get(self.place + 1).is_some_and(|next| is(call, next));
        if !is_same && !is_next {
            let kind =
                if calls[..self.place].iter().any(|done| is(call, done)) { Kind::Double } else { Kind::OutOfOrder };
            find(kind, format!("{} became {}; {} had to follow", shown(before), shown(record), self.following()));
            return false;
        }
        let again = is_same && call.attempt == self.attempt;
        let fits = if again {
            // The same once more (handed over), or with one more worker lost.
            record.attempts == before.attempts && (call.lost == self.lost || call.lost == self.lost + 1)
        } else if is_same {
            let allowed = self.attempt <= calls[self.place].fate.stumbles;
            let delayed = call.not_before.is_some() && call.lost == 0;
            allowed && delayed && call.attempt == self.attempt + 1 && record.attempts == before.attempts + 1
        } else {
            let done = self.attempt == calls[self.place].fate.stumbles + 1;
            done && call.attempt == 1 && call.lost == 0 && record.attempts == before.attempts + 1
        };
        if !fits {
            let kind = if is_same && call.attempt < self.attempt { Kind::Double } else { Kind::OutOfOrder };
            find(kind, format!("{} became {}", shown(before), shown(record)));
            return false;
        }
        if !again {
            self.record(link);
        }
        self.course.taken_over += u64::from(again && call.lost > self.lost);
        (self.attempt, self.lost) = (call.attempt, call.lost);
        self.place += usize::from(is_next);
        self.check_counts(record, find);
        if !again {
            self.announce(link);
        }
        true
    }

    /// Of the records that may fill a gap (the second link), takes the one that fits between those before and after it.
    fn choose(&self, links: &mut [Link]) {
        let [before, unsure, rest @ ..] = links else { return };
        let candidates = [vec![unsure.record.clone()], std::mem::take(&mut unsure.others)].concat();
        let fits = |candidate: &&Record| {
            let (mut trial, mut fits) = (self.clone(), true);
            let link = Link { record: (*candidate).clone(), ..unsure.clone() };
            trial.step(&before.record, &link, &mut |_, _| fits = false);
            if let Some(next) = rest.first().filter(|_| fits) {
                trial.step(candidate, next, &mut |_, _| fits = false);
            }
            fits
        };
        if candidates.len() > 1
            && let Some(candidate) = candidates.iter().find(fits)
        {
            unsure.record = candidate.clone();
        }
    }

    /// The terminal record.
    fn end(&mut self, before: &Record, link: &Link, find: &mut impl FnMut(Kind, String)) -> bool {
        let (record, calls) = (&link.record, &self.expected.calls);
        let last = &calls[self.place];
        if self.place + 1 != calls.len() || self.attempt != last.fate.stumbles + 1 {
            find(
                Kind::OutOfOrder,
                format!("{} became {}; {} had to follow", shown(before), shown(record), self.following()),
            );
            return false;
        }
        self.record(link);
        let outcome = &self.expected.outcome;
        let undone = calls.iter().filter(|call| call.undoes).count() as u64;
        let value = match outcome {
            Outcome::Completed(value) => record.output == Some(json!({ "Ok": value })) && record.cause.is_none(),
            Outcome::Compensated(text) | Outcome::Failed(text) => {
                let output = record.output.as_ref().and_then(|output| output.get("Err")?.get("message"));
                output == Some(&Value::from(text.as_str())) && record.cause == Some(json!({ "error": text }))
            }
        };
        let counts = record.attempts == before.attempts + 1 && record.steps == calls.len() as u64;
        if record.status != outcome.status() || !value || !counts || record.undone != undone {
            find(Kind::Lost, format!("its end is {}, and had to be {outcome:?}", shown(record)));
        }
        true
    }

    /// What follows a gap that could not be filled is taken as it is.
    fn resume(&mut self, link: &Link) {
        if let Some(call) = link.record.call() {
            let place = self.expected.calls.iter().position(|expected| is(call, expected));
            self.place = place.unwrap_or(self.place);
            (self.attempt, self.lost) = (call.attempt, call.lost);
        }
        self.announce(link);
    }

    fn check_counts(&self, record: &Record, find: &mut impl FnMut(Kind, String)) {
        let call = &self.expected.calls[self.place];
        let undone = self.expected.calls[..self.place].iter().filter(|call| call.undoes).count() as u64;
        let status = if call.undoes { "unwinding" } else { "running" };
        if record.status != status || record.steps != self.place as u64 + 1 || record.undone != undone {
            find(Kind::OutOfOrder, format!("{} has another status or count than it must have", shown(record)));
        }
    }

    /// A record asks for an attempt.
    fn announce(&mut self, link: &Link) {
        let Some(call) = link.record.call() else { return };
        let Some(expected) = self.expected.calls.get(self.place) else { return };
        self.course.attempts.push(Attempt {
            which: Which {
                key: format!("{}/{}/{}", self.expected.instance, call.site, call.occurrence),
                step: call.step.clone(),
                attempt: call.attempt,
            },
            number: call.args.get("number").and_then(Value::as_u64).unwrap_or_default(),
            place: expected.place,
            announced: link.stored,
            not_before: call.not_before.map(nanos),
            recorded: None,
        });
    }

    /// A record holds the result of the attempt that was announced last.
    fn record(&mut self, link: &Link) {
        let fate = self.expected.calls[self.place].fate;
        let good = fate.ending == Ending::Success && self.attempt > fate.stumbles;
        let result = if good { Noted::Output } else { Noted::Error };
        if let Some(last) = self.course.attempts.last_mut() {
            last.recorded = Some((link.stored, result));
        }
    }

    /// What has to follow the pending attempt.
    fn following(&self) -> String {
        let calls = &self.expected.calls;
        let call = &calls[self.place];
        if self.attempt <= call.fate.stumbles {
            return format!("attempt {} of {} {}", self.attempt + 1, call.step, call.args);
        }
        calls.get(self.place + 1).map_or("its end".to_owned(), |next| format!("{} {}", next.step, next.args))
    }
}

/// Whether a record waits for this call.
fn is(call: &StepCall, expected: &Call) -> bool {
    call.step == expected.step
        && call.site == expected.site
        && call.occurrence == expected.occurrence
        && call.args == expected.args
}

/// A record in a few words.
fn shown(record: &Record) -> String {
    let Record { status, steps, attempts, .. } = record;
    match (record.call(), &record.reason) {
        (Some(StepCall { step, args, site, occurrence, attempt, lost, .. }), _) => format!(
            "[{status}: {step} {args} at {site}/{occurrence}, attempt {attempt}, lost {lost}; steps {steps}, attempts {attempts}]"
        ),
        (None, Some(reason)) => format!("[{status}: {reason}]"),
        (None, None) => {
            let output = record.output.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("[{status} {output}; steps {steps}, attempts {attempts}, undone {}]", record.undone)
        }
    }
}

fn nanos(time: Timestamp) -> Nanos {
    Nanos::try_from(time.as_nanosecond()).unwrap_or_default()
}
