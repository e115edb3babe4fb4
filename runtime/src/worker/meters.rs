//! What a worker measures, over the `metrics` facade (feature `metrics`).
//!
//! All handles are made once, when the worker is built: in the hot path nothing is formatted or looked up by text. A
//! recorder has to be installed before that.

use std::time::Duration;

use crate::definition::SagaDefinition;
use crate::record::Status;
use crate::transport::AppendError;

#[cfg(feature = "metrics")]
pub(super) use on::Meters;

#[cfg(not(feature = "metrics"))]
pub(super) use off::Meters;

/// How an attempt failed.
#[derive(Debug, Clone, Copy)]
pub(super) enum FailureKind {
    Error,
    Panicked,
    TimedOut,
    WorkerLost,
    Unsavable,
}

#[cfg(feature = "metrics")]
mod on {
    use std::collections::HashMap;

    use metrics::{Counter, Gauge, Histogram, Unit, counter, gauge, histogram};

    use super::{AppendError, Duration, FailureKind, SagaDefinition, Status};

    /// The meters of one saga.
    pub(in super::super) struct Meters {
        transitions: Counter,
        redeliveries: Counter,
        parked: Counter,
        in_flight: Gauge,
        refused: [Counter; 6],
        ended: [Counter; 5],
        steps: HashMap<&'static str, StepMeters>,
    }

    /// The meters of one step.
    pub(in super::super) struct StepMeters {
        attempts: Counter,
        failures: [Counter; 5],
        lag: Histogram,
        seconds: Histogram,
    }

    /// Dropped, it counts one delivery less.
    pub(in super::super) struct InFlight<'m>(&'m Gauge);

    const REFUSALS: [&str; 6] = ["superseded", "undecided", "unknown", "busy", "too_large", "refused"];
    const ENDS: [&str; 5] = ["completed", "compensated", "failed", "stuck", "paused"];
    const FAILURES: [&str; 5] = ["error", "panicked", "timed_out", "worker_lost", "unsavable"];

    impl Meters {
        pub(in super::super) fn of(saga: &SagaDefinition) -> Self {
            describe();
            let name = saga.name();
            let steps = saga.steps().map(|step| (step.name(), StepMeters::of(name, step.name())));
            Self {
                transitions: counter!("sagaflow_transitions_total", "saga" => name),
                redeliveries: counter!("sagaflow_redeliveries_total", "saga" => name),
                parked: counter!("sagaflow_parked_total", "saga" => name),
                in_flight: gauge!("sagaflow_in_flight", "saga" => name),
                refused: REFUSALS
                    .map(|reason| counter!("sagaflow_refused_appends_total", "saga" => name, "reason" => reason)),
                ended: ENDS.map(|status| counter!("sagaflow_ended_total", "saga" => name, "status" => status)),
                steps: steps.collect(),
            }
        }

        pub(in super::super) fn step(&self, step: &str) -> Option<&StepMeters> {
            self.steps.get(step)
        }

        /// A delivery is in hand for as long as what this returns.
        pub(in super::super) fn in_flight(&self, delivered: u64) -> InFlight<'_> {
            if delivered > 1 {
                self.redeliveries.increment(1);
            }
            self.in_flight.increment(1.0);
            InFlight(&self.in_flight)
        }

        /// A record was appended.
        pub(in super::super) fn appended(&self, status: Status) {
            self.transitions.increment(1);
            let index = match status {
                Status::Completed => 0,
                Status::Compensated => 1,
                Status::Failed => 2,
                Status::Stuck => 3,
                Status::Paused => 4,
                Status::Running | Status::Unwinding | Status::Terminated => return,
            };
            self.ended[index].increment(1);
        }

        pub(in super::super) fn refused(&self, error: &AppendError) {
            let index = match error {
                AppendError::Superseded { .. } => 0,
                AppendError::Undecided => 1,
                AppendError::Unknown(_) => 2,
                AppendError::Busy(_) => 3,
                AppendError::TooLarge { .. } => 4,
                AppendError::Refused(_) => 5,
            };
            self.refused[index].increment(1);
        }

        pub(in super::super) fn parked(&self) {
            self.parked.increment(1);
        }
    }

    impl StepMeters {
        fn of(saga: &'static str, step: &'static str) -> Self {
            let failures = FAILURES
                .map(|kind| counter!("sagaflow_failures_total", "saga" => saga, "step" => step, "kind" => kind));
            Self {
                attempts: counter!("sagaflow_attempts_total", "saga" => saga, "step" => step),
                failures,
                lag: histogram!("sagaflow_lag_seconds", "saga" => saga, "step" => step),
                seconds: histogram!("sagaflow_attempt_seconds", "saga" => saga, "step" => step),
            }
        }

        /// An attempt begins, so long after its record was due.
        pub(in super::super) fn begun(&self, lag: Duration) {
            self.attempts.increment(1);
            self.lag.record(lag.as_secs_f64());
        }

        pub(in super::super) fn ended(&self, took: Duration) {
            self.seconds.record(took.as_secs_f64());
        }

        pub(in super::super) fn failed(&self, failure: FailureKind) {
            self.failures[failure as usize].increment(1);
        }
    }

    impl Drop for InFlight<'_> {
        fn drop(&mut self) {
            self.0.decrement(1.0);
        }
    }

    fn describe() {
        use metrics::{describe_counter, describe_gauge, describe_histogram};
        describe_counter!("sagaflow_transitions_total", Unit::Count, "Records that were appended by this worker");
        describe_counter!("sagaflow_attempts_total", Unit::Count, "Attempts of steps that were begun");
        describe_counter!("sagaflow_failures_total", Unit::Count, "Attempts of steps that failed, by kind");
        describe_counter!("sagaflow_redeliveries_total", Unit::Count, "Deliveries that were not a record's first");
        describe_counter!(
            "sagaflow_refused_appends_total",
            Unit::Count,
            "Answers to appends that were no yes, by reason"
        );
        describe_counter!("sagaflow_parked_total", Unit::Count, "Deliveries that were handed back until their time");
        describe_counter!("sagaflow_ended_total", Unit::Count, "Instances that came to an end or a halt, by status");
        describe_gauge!("sagaflow_in_flight", Unit::Count, "Deliveries that this worker has in hand");
        describe_histogram!("sagaflow_lag_seconds", Unit::Seconds, "From when a record was due until its step began");
        describe_histogram!("sagaflow_attempt_seconds", Unit::Seconds, "How long attempts of steps took");
    }

    impl std::fmt::Debug for Meters {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Meters").finish_non_exhaustive()
        }
    }
}

/// The same without the feature: nothing.
#[cfg(not(feature = "metrics"))]
mod off {
    use super::{AppendError, Duration, FailureKind, SagaDefinition, Status};

    #[derive(Debug)]
    pub(in super::super) struct Meters;

    #[derive(Debug)]
    pub(in super::super) struct StepMeters;

    impl Meters {
        pub(in super::super) fn of(_: &SagaDefinition) -> Self {
            Self
        }

        pub(in super::super) fn step(&self, _: &str) -> Option<&StepMeters> {
            None
        }

        pub(in super::super) fn in_flight(&self, _: u64) {}

        pub(in super::super) fn appended(&self, _: Status) {}

        pub(in super::super) fn refused(&self, _: &AppendError) {}

        pub(in super::super) fn parked(&self) {}
    }

    impl StepMeters {
        pub(in super::super) fn begun(&self, _: Duration) {}

        pub(in super::super) fn ended(&self, _: Duration) {}

        pub(in super::super) fn failed(&self, _: FailureKind) {}
    }
}
