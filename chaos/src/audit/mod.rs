//! The audit: what came of a run, judged from what was stored and what was executed. **It doesn't trust the engine**: it
//! uses none of its code, reads records as plain JSON, and holds them against the oracle.
//!
//! `read` takes the files in, `chain` puts the records of an instance into their order, link by link, `course` holds
//! that against what the oracle expects, `executions` against what the workers have executed.

mod chain;
mod course;
mod executions;
mod read;
mod record;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::Failed;
use crate::faults::Incident;
use crate::oracle::expect;
use crate::report::Report;
use crate::shape::Shape;
use chain::{Seen, Sent};
use executions::Executions;

/// Where the evidence is.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) seed: u64,
    /// The numbers of the instances whose start was acknowledged.
    pub(crate) started: Vec<u64>,
    pub(crate) captured: PathBuf,
    pub(crate) published: PathBuf,
    pub(crate) effects: Vec<PathBuf>,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) ack_wait: Duration,
}

/// All that is known of the records of one instance.
#[derive(Debug, Clone, Default)]
pub(crate) struct Records {
    /// Those that are stored, by a server's word.
    seen: Vec<Seen>,
    /// Those that were sent, and of which nobody knows whether they were stored.
    sent: Vec<Sent>,
}

/// All evidence of a run, in memory.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    instances: BTreeMap<String, Records>,
    executions: Executions,
    /// When a worker did not get to run.
    late: Vec<Incident>,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    pub(crate) instance: String,
    pub(crate) text: String,
}

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It was started, and has not come to the end that it must come to.
    Lost,
    /// It was moved on twice from the same record, or a call that was done is done again.
    Double,
    /// What follows is not what must follow.
    OutOfOrder,
    /// A result without an execution, or an execution without a cause.
    Unfounded,
    /// An attempt was executed again, and no fault explains it.
    Unexplained,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Lost => "lost",
            Kind::Double => "double transition",
            Kind::OutOfOrder => "out of order",
            Kind::Unfounded => "unfounded",
            Kind::Unexplained => "unexplained",
        };
        write!(f, "{kind}: {}: {}", self.instance, self.text)
    }
}

/// What the audit has come to.
#[derive(Debug, Default)]
pub(crate) struct Audited {
    pub(crate) findings: Vec<Finding>,
    pub(crate) started: u64,
    pub(crate) finished: u64,
    pub(crate) transitions: u64,
    pub(crate) taken_over: u64,
    pub(crate) gaps: u64,
    pub(crate) unresolved: u64,
    pub(crate) executions: u64,
    pub(crate) repeated: u64,
    pub(crate) late: u64,
}

impl Audited {
    /// How many findings there are of a kind.
    pub(crate) fn count(&self, kind: Kind) -> u64 {
        self.findings.iter().filter(|finding| finding.kind == kind).count() as u64
    }

    pub(crate) fn fill(&self, report: &mut Report) {
        report.started = self.started;
        report.finished = self.finished;
        report.lost = self.count(Kind::Lost);
        report.double_transitions = self.count(Kind::Double);
        report.out_of_order = self.count(Kind::OutOfOrder);
        report.unfounded = self.count(Kind::Unfounded);
        report.unexplained_executions = self.count(Kind::Unexplained);
        report.transitions = self.transitions;
        report.step_executions = self.executions;
        report.repeated_executions = self.repeated;
        report.late += self.late;
        report.taken_over = self.taken_over;
        report.captured_gaps = self.gaps;
        report.unresolved_gaps = self.unresolved;
    }
}

/// Reads the evidence, and judges it.
///
/// # Errors
///
/// When it can't be read.
pub(crate) fn audit(source: &Source) -> Result<Audited, Failed> {
    let evidence = read::read(source)?;
    Ok(judge(source, evidence))
}

/// Judges evidence.
fn judge(source: &Source, mut evidence: Evidence) -> Audited {
    let mut audited = Audited { started: source.started.len() as u64, ..Audited::default() };
    let started: HashSet<_> = source.started.iter().copied().collect();
    let mut numbers = started.clone();
    for instance in evidence.instances.keys() {
        match number(source.seed, instance) {
            Some(number) => {
                numbers.insert(number);
            }
            None => audited.findings.push(Finding {
                kind: Kind::OutOfOrder,
                instance: instance.clone(),
                text: "there is a record of it, and no such instance".to_owned(),
            }),
        }
    }
    let mut numbers: Vec<_> = numbers.into_iter().collect();
    numbers.sort_unstable();
    for number in numbers {
        let expected = expect(source.seed, &Shape::of(source.seed, number));
        let records = evidence.instances.remove(&expected.instance).unwrap_or_default();
        let mut find = |kind, text| {
            audited.findings.push(Finding { kind, instance: expected.instance.clone(), text });
        };
        let chain = chain::link(records, &mut find);
        let transitions = (chain.links.len() as u64).saturating_sub(1);
        let course = course::check(&expected, chain.links, &mut find);
        evidence.executions.check(&course, &mut find);
        match (started.contains(&number), &course.stands) {
            (true, None) => audited.finished += 1,
            (true, Some(stands)) => find(Kind::Lost, stands.clone()),
            // Its start was not acknowledged: then it need not have come to its end.
            (false, _) => {}
        }
        audited.transitions += transitions;
        audited.taken_over += course.taken_over;
        audited.gaps += chain.gaps;
        audited.unresolved += chain.unresolved;
    }
    evidence.executions.left(&mut audited.findings);
    audited.late = evidence.late.len() as u64;
    let incidents = [&source.incidents[..], &evidence.late].concat();
    let totals = evidence.executions.totals(&incidents, source.ack_wait, &mut audited.findings);
    (audited.executions, audited.repeated) = totals;
    audited
}

/// The number of an instance, if it is one of this seed.
fn number(seed: u64, instance: &str) -> Option<u64> {
    let number = instance.split_once("/i")?.1.parse().ok()?;
    (Shape::of(seed, number).instance() == instance).then_some(number)
}
