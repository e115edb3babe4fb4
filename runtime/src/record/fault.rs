//! Faults: how an attempt can end without an output of its step.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Origin;

/// An attempt that ended without an output, for good: there is no error value of the user's type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The step, or the saga if its own code between the steps panicked.
    pub of: String,
    /// What happened.
    pub kind: FaultKind,
    /// What is known of it, such as the panic's message.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Where it happened; none in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<Origin>>,
}

/// What happened to an attempt that ended without an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// The code panicked.
    Panicked,
    /// The attempt took longer than its `timeout`. Whether it had an effect is unknown.
    TimedOut,
    /// Its workers died or went silent. Whether it had an effect is unknown.
    WorkerLost,
    /// Its transaction could not be begun or committed: the database did not answer, refused it, or had it in conflict with
    /// others again and again. It has had no effect, or one that the next attempt finds.
    NotCommitted,
    /// The instance had not ended at its deadline (`#[saga(deadline = "…")]`).
    DeadlinePassed,
    /// The instance was cancelled.
    Cancelled,
    /// A child could not be started: somebody else has started an instance with its id, or its arguments are more than the transport takes.
    NotStarted,
    /// The instance whose end was to be waited for ([`attach`](crate::attach)) does not exist, or its last record is no longer kept.
    NotFound,
    /// An operator has terminated the instance: nothing was undone.
    Terminated,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            FaultKind::Panicked => "panicked",
            FaultKind::TimedOut => "timed out",
            FaultKind::WorkerLost => "lost its worker",
            FaultKind::NotCommitted => "could not be committed",
            FaultKind::DeadlinePassed => "had not ended at its deadline",
            FaultKind::Cancelled => "was cancelled",
            FaultKind::NotStarted => "could not be started",
            FaultKind::NotFound => "was not found",
            FaultKind::Terminated => "was terminated",
        };
        write!(f, "`{}` {what}", self.of)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

impl std::error::Error for Fault {}

/// Why an instance unwinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// The body returned an `Err`; this is its text (the value is the record's output).
    Error(String),
    /// An attempt ended without an output.
    Fault(Fault),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(text) => f.write_str(text),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}
