//! Where the faults of a run can be: read from the journal of one that had none.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::journal::{Attempted, Entry};
use super::plan::{Fault, Plan};
use super::run::Facts;
use crate::definition::{SagaDefinition, StepDefinition};

/// Crashes at every boundary: before a step, after it, after its record.
pub(super) fn crashes(facts: &Facts) -> Vec<Fault> {
    let mut faults: Vec<_> = deliveries(facts).map(Fault::CrashAtDelivery).collect();
    faults.extend(facts.records().flat_map(|n| [Fault::CrashBeforeRecord(n), Fault::CrashAfterRecord(n)]));
    faults
}

/// Each record is read by a worker of its own: the one that has stored it dies.
pub(super) fn relay(facts: &Facts) -> Plan {
    let last = facts.records().max().unwrap_or(0);
    // Each death adds a record: the one that says that a worker is gone.
    let faults = (1..=2 * last).map(Fault::CrashAfterRecord).collect();
    Plan { faults, ..Plan::default() }
}

/// What can become of each delivery, and of each answer.
pub(super) fn troubles(facts: &Facts) -> Vec<Fault> {
    let of = |n| [Fault::LoseDelivery(n), Fault::DoubleDelivery(n), Fault::OvertakeDelivery(n)];
    deliveries(facts).flat_map(of).chain(facts.records().map(Fault::LoseAnswer)).collect()
}

/// Deliveries that come late.
pub(super) fn delays(facts: &Facts) -> Vec<Fault> {
    deliveries(facts).map(Fault::DelayDelivery).collect()
}

/// Crashes after a step, before its record: the step is made again.
pub(super) fn repeats(facts: &Facts) -> Vec<Fault> {
    let mut ended = false;
    let mut faults = Vec::new();
    for (_, entry) in &facts.pages.entries {
        match entry {
            Entry::Ended(index) => ended |= facts.pages.attempts[*index].ending.is_success(),
            Entry::Stored { number, .. } | Entry::Noted { number, .. } | Entry::Refused { number, .. }
                if std::mem::take(&mut ended) =>
            {
                faults.push(Fault::CrashBeforeRecord(*number));
            }
            _ => {}
        }
    }
    faults
}

/// Each call of a step fails for good: with each of its errors, or by a panic if it has none; and it times out, where it can.
pub(super) fn failures(facts: &Facts, sagas: &[SagaDefinition]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (call, step) in calls(facts, |made| !is_compensation(made)) {
        let Some(definition) = definition(sagas, step) else { continue };
        faults.extend(ways_to_fail(&definition, &call));
        if definition.policy().timeout.is_some() {
            faults.push(Fault::TimeOut(call));
        }
    }
    faults
}

/// In a run that has unwound: each of its compensations fails for good, too.
pub(super) fn failed_compensations(facts: &Facts, sagas: &[SagaDefinition]) -> Vec<(String, Plan)> {
    let mut plans = Vec::new();
    for (call, step) in calls(facts, is_compensation) {
        let Some(definition) = definition(sagas, step) else { continue };
        let first = ways_to_fail(&definition, &call).into_iter().next();
        plans.extend(first.map(|fault| (format!("{step} {call}"), facts.plan.clone().and(fault))));
    }
    plans
}

fn ways_to_fail(definition: &StepDefinition, call: &str) -> Vec<Fault> {
    let failures = definition.failures();
    if failures.is_empty() {
        return vec![Fault::Panic(call.to_owned())];
    }
    failures.into_iter().map(|(with, _)| Fault::Fail { call: call.to_owned(), with }).collect()
}

/// Pairs of faults, no more than this, spread over all that there are.
pub(super) fn pairs(faults: &[Fault], most: usize) -> Vec<Plan> {
    let count = faults.len() * faults.len().saturating_sub(1) / 2;
    let stride = count.div_ceil(most.max(1)).max(1);
    let all =
        faults.iter().enumerate().flat_map(|(index, one)| faults[index + 1..].iter().map(move |other| (one, other)));
    let pairs = all.step_by(stride).take(most);
    pairs.map(|(one, other)| Plan::from(one.clone()).and(other.clone())).collect()
}

/// Whether an attempt undoes a step: its call says of which.
pub(super) fn is_compensation(made: &Attempted) -> bool {
    made.call.rsplit_once('/').is_some_and(|(site, _)| site.contains(':'))
}

/// The calls of a run, each once, in order.
fn calls(facts: &Facts, which: impl Fn(&Attempted) -> bool) -> Vec<(String, &'static str)> {
    let mut seen = BTreeSet::new();
    let attempts = facts.pages.attempts.iter().filter(|made| which(made));
    attempts.filter(|made| seen.insert((&made.call, made.step))).map(|made| (made.call.clone(), made.step)).collect()
}

fn deliveries(facts: &Facts) -> impl Iterator<Item = u32> {
    facts.pages.entries.iter().filter_map(|(_, entry)| match entry {
        Entry::Delivered { number, .. } => Some(*number),
        _ => None,
    })
}

fn definition(sagas: &[SagaDefinition], step: &str) -> Option<Arc<StepDefinition>> {
    sagas.iter().find_map(|saga| saga.step(step).cloned())
}
