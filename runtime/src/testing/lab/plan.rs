//! Plans: which faults a run meets, and the text by which a plan is named, so that it can be run alone.

use std::fmt;
use std::str::FromStr;

/// One fault that a run meets.
///
/// Deliveries and records are numbered from 1, in the order in which the workers of the run get and append them. Calls of steps are
/// named by their idempotency key without the instance: the state in which it is made, and the number of the call (`charge/3`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fault {
    /// The worker dies when it gets this delivery: before the step.
    CrashAtDelivery(u32),
    /// The worker dies before it appends this record: after the step, whose result is lost.
    CrashBeforeRecord(u32),
    /// The worker dies after this record was stored, before it knows of it.
    CrashAfterRecord(u32),
    /// This delivery never arrives. It comes again after the ack wait.
    LoseDelivery(u32),
    /// This delivery comes twice at the same time.
    DoubleDelivery(u32),
    /// This delivery comes five minutes late.
    DelayDelivery(u32),
    /// Its worker is cut off: the delivery goes to another worker, too, and what the first one appends comes too late.
    OvertakeDelivery(u32),
    /// This record is stored, but its worker gets no answer.
    LoseAnswer(u32),
    /// This call fails for good, with one of its step's errors: the name of its variant.
    Fail {
        /// The call.
        call: String,
        /// The error's variant, or its text.
        with: String,
    },
    /// Each attempt of this call panics before it has done anything.
    Panic(String),
    /// Each attempt of this call does its work, and never ends: it times out.
    TimeOut(String),
}

/// Which faults a run meets. Written and read as text: `crash before record 3 + fail charge/3 with Declined`.
///
/// ```
/// use sagaflow::testing::{Fault, Plan};
///
/// let plan: Plan = "crash before record 3 + time out charge/3".parse().unwrap();
/// assert_eq!(plan.faults(), [Fault::CrashBeforeRecord(3), Fault::TimeOut("charge/3".into())]);
/// assert_eq!(plan.to_string(), "crash before record 3 + time out charge/3");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Plan {
    pub(super) faults: Vec<Fault>,
    /// How many instances run beside each other; 0 stands for one.
    pub(super) instances: u32,
    /// How many workers there are; 0 stands for what the lab says.
    pub(super) workers: u32,
    /// What chance begins with.
    pub(super) seed: Option<u64>,
}

impl Plan {
    /// A run without faults.
    #[must_use]
    pub fn without_faults() -> Self {
        Self::default()
    }

    /// The faults.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// A plan with one fault more.
    #[must_use]
    pub fn and(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Whether a worker has to be there for what another one has in hand at the same time.
    pub(super) fn needs_two_workers(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault, Fault::DoubleDelivery(_) | Fault::OvertakeDelivery(_)))
    }
}

impl From<Fault> for Plan {
    fn from(fault: Fault) -> Self {
        Self::default().and(fault)
    }
}

/// The faults whose place is a number, and how they are written.
type Numbered = (&'static str, fn(u32) -> Fault);

const NUMBERED: [Numbered; 8] = [
    ("crash at delivery", Fault::CrashAtDelivery),
    ("crash before record", Fault::CrashBeforeRecord),
    ("crash after record", Fault::CrashAfterRecord),
    ("lose delivery", Fault::LoseDelivery),
    ("double delivery", Fault::DoubleDelivery),
    ("delay delivery", Fault::DelayDelivery),
    ("overtake delivery", Fault::OvertakeDelivery),
    ("lose answer", Fault::LoseAnswer),
];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CrashAtDelivery(n) => write!(f, "crash at delivery {n}"),
            Self::CrashBeforeRecord(n) => write!(f, "crash before record {n}"),
            Self::CrashAfterRecord(n) => write!(f, "crash after record {n}"),
            Self::LoseDelivery(n) => write!(f, "lose delivery {n}"),
            Self::DoubleDelivery(n) => write!(f, "double delivery {n}"),
            Self::DelayDelivery(n) => write!(f, "delay delivery {n}"),
            Self::OvertakeDelivery(n) => write!(f, "overtake delivery {n}"),
            Self::LoseAnswer(n) => write!(f, "lose answer {n}"),
            Self::Fail { call, with } => write!(f, "fail {call} with {with}"),
            Self::Panic(call) => write!(f, "panic {call}"),
            Self::TimeOut(call) => write!(f, "time out {call}"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { faults, instances, workers, seed } = self;
        let counted = |count: u32, what: &str| (count > 0).then(|| format!("{count} {what}"));
        let parts = counted(*instances, "instances").into_iter().chain(counted(*workers, "workers"));
        let parts = parts.chain(seed.map(|seed| format!("seed {seed}"))).chain(faults.iter().map(Fault::to_string));
        let text = parts.collect::<Vec<_>>().join(" + ");
        f.write_str(if text.is_empty() { "no faults" } else { &text })
    }
}

/// A text that is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no fault: write `crash before record 3`, `crash after record 3`, `crash at delivery 3`, `lose delivery 3`, \
     `double delivery 3`, `delay delivery 3`, `overtake delivery 3`, `lose answer 3`, `fail charge/3 with Declined`, \
     `panic charge/3` or `time out charge/3`, several of them with ` + ` between them"
)]
pub struct NoPlan(String);

impl FromStr for Fault {
    type Err = NoPlan;

    fn from_str(text: &str) -> Result<Self, NoPlan> {
        let text = text.trim();
        let no_plan = || NoPlan(text.to_owned());
        if let Some((name, make)) = NUMBERED.iter().find(|(name, _)| text.starts_with(name)) {
            let number = text[name.len()..].trim().parse().ok().filter(|number| *number > 0);
            return number.map(make).ok_or_else(no_plan);
        }
        let call = |call: &str| Some(call.trim()).filter(|call| call.contains('/')).map(str::to_owned);
        if let Some(rest) = text.strip_prefix("fail ") {
            let (named, with) = rest.split_once(" with ").ok_or_else(no_plan)?;
            let (call, with) = (call(named).ok_or_else(no_plan)?, with.trim().to_owned());
            return Ok(Self::Fail { call, with });
        }
        if let Some(rest) = text.strip_prefix("panic ") {
            return call(rest).map(Self::Panic).ok_or_else(no_plan);
        }
        let rest = text.strip_prefix("time out ").ok_or_else(no_plan)?;
        call(rest).map(Self::TimeOut).ok_or_else(no_plan)
    }
}

impl FromStr for Plan {
    type Err = NoPlan;

    fn from_str(text: &str) -> Result<Self, NoPlan> {
        let mut plan = Self::default();
        if text.trim() == "no faults" {
            return Ok(plan);
        }
        for part in text.split(" + ").map(str::trim) {
            let counted = |what: &str| part.strip_suffix(what).and_then(|count| count.trim().parse::<u32>().ok());
            if let Some(instances) = counted("instances") {
                plan.instances = instances;
            } else if let Some(workers) = counted("workers") {
                plan.workers = workers;
            } else if let Some(seed) = part.strip_prefix("seed ").and_then(|seed| seed.trim().parse().ok()) {
                plan.seed = Some(seed);
            } else {
                plan.faults.push(part.parse()?);
            }
        }
        Ok(plan)
    }
}
