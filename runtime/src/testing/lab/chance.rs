//! Random plans: many instances, many workers, faults of all kinds; and the shortest plan that still fails.

use fastrand::Rng;

use super::plan::{Fault, Plan};

/// The variable that repeats one random plan.
pub(super) const SEED: &str = "SAGAFLOW_SEED";

/// The most instances, workers and faults of a random plan.
const MOST_INSTANCES: u32 = 4;
const MOST_WORKERS: u32 = 3;
const MOST_FAULTS: usize = 5;

/// The plan of a seed: faults out of those that single instances can meet, in a run of several of them, where deliveries and
/// records have greater numbers.
pub(super) fn plan(seed: u64, faults: &[Fault]) -> Plan {
    let mut rng = Rng::with_seed(seed);
    let (instances, workers) = (rng.u32(1..=MOST_INSTANCES), rng.u32(1..=MOST_WORKERS));
    let mut plan = Plan { instances, workers, seed: Some(seed), ..Plan::default() };
    if !faults.is_empty() {
        for _ in 0..rng.usize(0..=MOST_FAULTS) {
            let fault = faults[rng.usize(..faults.len())].clone();
            plan.faults.push(elsewhere(fault, |n| n + rng.u32(0..=n * (instances - 1))));
        }
    }
    plan
}

/// The same fault at another number.
fn elsewhere(fault: Fault, number: impl FnOnce(u32) -> u32) -> Fault {
    match fault {
        Fault::CrashAtDelivery(n) => Fault::CrashAtDelivery(number(n)),
        Fault::CrashBeforeRecord(n) => Fault::CrashBeforeRecord(number(n)),
        Fault::CrashAfterRecord(n) => Fault::CrashAfterRecord(number(n)),
        Fault::LoseDelivery(n) => Fault::LoseDelivery(number(n)),
        Fault::DoubleDelivery(n) => Fault::DoubleDelivery(number(n)),
        Fault::DelayDelivery(n) => Fault::DelayDelivery(number(n)),
        Fault::OvertakeDelivery(n) => Fault::OvertakeDelivery(number(n)),
        Fault::LoseAnswer(n) => Fault::LoseAnswer(number(n)),
        call => call,
    }
}

/// The shortest plan that still fails: without whatever can be left out.
pub(super) fn shrink(mut plan: Plan, fails: impl Fn(&Plan) -> bool) -> Plan {
    loop {
        let shorter = candidates(&plan).into_iter().find(|shorter| fails(shorter));
        match shorter {
            Some(shorter) => plan = shorter,
            None => return plan,
        }
    }
}

/// Plans that are shorter, the most promising first.
fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut candidates = Vec::new();
    let simple = plan.instances == 0 && plan.workers == 0 && plan.seed.is_none();
    if plan.faults.len() > 1 || !simple {
        candidates.push(Plan::default());
        // One of its faults may do, in a run where all numbers are smaller.
        candidates.extend(plan.faults.iter().flat_map(anywhere_before).map(Plan::from));
    }
    if plan.instances > 1 {
        candidates.push(Plan { instances: plan.instances - 1, ..plan.clone() });
    } else if plan.instances == 1 {
        candidates.push(Plan { instances: 0, ..plan.clone() });
    }
    if plan.workers > 0 {
        candidates.push(Plan { workers: 0, ..plan.clone() });
    }
    for (index, fault) in plan.faults.iter().enumerate() {
        let mut shorter = plan.clone();
        shorter.faults.remove(index);
        candidates.push(shorter);
        let lower = elsewhere(fault.clone(), |n| n.div_ceil(2));
        if lower != *fault {
            let mut shorter = plan.clone();
            shorter.faults[index] = lower;
            candidates.push(shorter);
        }
    }
    if plan.seed.is_some() {
        candidates.push(Plan { seed: None, ..plan.clone() });
    }
    candidates
}

/// The same fault at all numbers up to its own.
fn anywhere_before(fault: &Fault) -> Vec<Fault> {
    let mut number = 1;
    let _ = elsewhere(fault.clone(), |n| {
        number = n;
        n
    });
    (1..=number).map(|number| elsewhere(fault.clone(), |_| number)).collect()
}
