//! The figures of a run: a table, and one JSON object.

use std::fmt;
use std::time::Duration;

use sagaflow::Status;
use serde::Serialize;

use crate::drive::Settled;

/// The figures of a run. The field names are those of the JSON object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Report {
    completed: u64,
    compensated: u64,
    /// Failed with nothing to undo.
    failed: u64,
    /// Waiting for an operator.
    stuck: u64,
    attempts: u64,
    /// Attempts beyond the first of each step.
    retries: u64,
    seconds: f64,
    sagas_per_s: f64,
}

impl Report {
    pub(crate) fn of(settled: &[Settled], took: Duration) -> Self {
        let count = |which: fn(Status) -> bool| settled.iter().filter(|settled| which(settled.status)).count() as u64;
        let attempts = settled.iter().map(|settled| settled.attempts).sum();
        let steps: u64 = settled.iter().map(|settled| settled.steps).sum();
        let seconds = took.as_secs_f64();
        Self {
            completed: count(|status| status == Status::Completed),
            compensated: count(|status| status == Status::Compensated),
            failed: count(|status| status == Status::Failed),
            stuck: count(|status| !status.is_terminal()),
            attempts,
            retries: attempts.saturating_sub(steps),
            seconds: (seconds * 1e3).round() / 1e3,
            sagas_per_s: (settled.len() as f64 / seconds.max(1e-9) * 10.0).round() / 10.0,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: &dyn fmt::Display| writeln!(f, "{name:<12}{value:>12}");
        row("completed", &self.completed)?;
        row("compensated", &self.compensated)?;
        row("failed", &self.failed)?;
        row("stuck", &self.stuck)?;
        row("attempts", &self.attempts)?;
        row("retries", &self.retries)?;
        row("seconds", &format_args!("{:.2}", self.seconds))?;
        row("sagas/s", &format_args!("{:.0}", self.sagas_per_s))
    }
}
