//! What the workers have executed, held against what the records say.

use std::collections::HashMap;
use std::time::Duration;

use super::course::Course;
use super::{Finding, Kind};
use crate::effects::{Effect, Nanos, Result as Noted, What, Which};
use crate::faults::Incident;

/// So much before its time an attempt may begin: workers take it for the time itself.
const DUE: Nanos = 6_000_000;

/// So many ack waits after a fault it may still show.
const AFTERMATH: u32 = 4;

/// All executions.
#[derive(Debug, Default)]
pub(crate) struct Executions {
    attempts: HashMap<Which, Attempted>,
}

#[derive(Debug, Default)]
struct Attempted {
    runs: Vec<Run>,
    /// A record asks for it.
    announced: bool,
}

/// One execution.
#[derive(Debug)]
struct Run {
    begun: Nanos,
    process: u32,
    number: u64,
    place: u64,
    ended: Option<(Nanos, Noted)>,
}

impl Executions {
    /// Takes a line of a log; those of one process come in their order.
    pub(crate) fn take(&mut self, effect: Effect) {
        let Effect { at, which, process, what } = effect;
        let attempted = self.attempts.entry(which).or_default();
        match what {
            What::Begun { number, place } => {
                attempted.runs.push(Run { begun: at, process, number, place, ended: None });
            }
            What::Ended(result) => {
                let open = |run: &&mut Run| run.process == process && run.ended.is_none();
                if let Some(run) = attempted.runs.iter_mut().rev().find(open) {
                    run.ended = Some((at, result));
                }
            }
        }
    }

    /// Every result must have been executed before it was recorded, and every attempt announced before it was executed.
    pub(crate) fn check(&mut self, course: &Course, find: &mut impl FnMut(Kind, String)) {
        for wanted in &course.attempts {
            let name = &wanted.which;
            let attempted = self.attempts.entry(name.clone()).or_default();
            attempted.announced = true;
            for run in &attempted.runs {
                if run.begun < wanted.announced {
                    find(Kind::Unfounded, format!("{name} was executed before a record asked for it"));
                } else if wanted.not_before.is_some_and(|not_before| run.begun + DUE < not_before) {
                    find(Kind::Unfounded, format!("{name} was executed before its time"));
                }
                if (run.number, run.place) != (wanted.number, wanted.place) {
                    let (number, place) = (run.number, run.place);
                    find(Kind::Unfounded, format!("{name} was executed with other arguments: {number}, {place}"));
                }
            }
            let Some((recorded, result)) = wanted.recorded else { continue };
            let done = |run: &Run| run.ended.is_some_and(|(at, ended)| at <= recorded && ended == result);
            if !attempted.runs.iter().any(done) {
                let runs = attempted.runs.len();
                find(
                    Kind::Unfounded,
                    format!("the {result:?} of {name} was recorded and not executed before (executions: {runs})"),
                );
            }
        }
    }

    /// What was executed, and no record asks for it.
    pub(crate) fn left(&self, findings: &mut Vec<Finding>) {
        for (which, attempted) in &self.attempts {
            if !attempted.announced {
                let text = format!("{which} was executed, and no record asks for it");
                findings.push(Finding { kind: Kind::Unfounded, instance: instance(which), text });
            }
        }
    }

    /// How many executions there were, and how many of them were repetitions. Each of these must have a fault between it
    /// and the one before it.
    pub(crate) fn totals(
        &mut self,
        incidents: &[Incident],
        ack_wait: Duration,
        findings: &mut Vec<Finding>,
    ) -> (u64, u64) {
        let aftermath = Nanos::try_from((ack_wait * AFTERMATH).as_nanos()).unwrap_or(Nanos::MAX);
        let (mut all, mut repeated) = (0, 0);
        for (which, attempted) in &mut self.attempts {
            attempted.runs.sort_by_key(|run| run.begun);
            all += attempted.runs.len() as u64;
            for pair in attempted.runs.windows(2) {
                repeated += 1;
                let (first, second) = (&pair[0], &pair[1]);
                let (before, again) = (first.begun, second.begun);
                let explains = |fault: &Incident| fault.from <= again && fault.to.saturating_add(aftermath) >= before;
                if !incidents.iter().any(explains) {
                    let fault = incidents.iter().map(|fault| fault.to).filter(|to| *to < before).max();
                    let text = format!(
                        "{which} was executed by process {} and, {:.3} s later, by {}, and there was no fault (the last ended {:.3} s before)",
                        first.process,
                        seconds(again - before),
                        second.process,
                        fault.map_or(f64::INFINITY, |to| seconds(before - to)),
                    );
                    findings.push(Finding { kind: Kind::Unexplained, instance: instance(which), text });
                }
            }
        }
        (all, repeated)
    }
}

/// `SAGA/ID` of a key.
fn instance(which: &Which) -> String {
    which.key.split('/').take(2).collect::<Vec<_>>().join("/")
}

fn seconds(nanos: Nanos) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64()
}
