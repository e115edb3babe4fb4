//! One attempt of a step, with all that is measured and told of it.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use super::limits::Wait;
use super::meters::{FailureKind, Meters};
use super::{Shared, attempt};
use crate::context::Standing;
use crate::definition::{AttemptError, StepDefinition};
use crate::engine::{self, Ended, Ending};
use crate::progress::Progress;
use crate::record::{FaultKind, StepCall, TraceContext};
use crate::retry::adaptive::Admission;
use crate::spans;
use crate::transport::InstanceId;

/// Whose attempt it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whose<'a> {
    pub(super) instance: &'a InstanceId,
    pub(super) standing: &'a Standing,
    pub(super) trace: Option<&'a TraceContext>,
    /// What it saves, if its step can.
    pub(super) progress: Option<&'a Arc<Progress>>,
    /// When the instance was started.
    pub(super) started: Timestamp,
}

/// Makes the attempt that a call waits for, `lag` after it was due; after the time `limit` it is dropped where it stands, and
/// nothing has come of it.
pub(super) async fn make(
    worker: &Shared,
    meters: &Meters,
    whose: Whose<'_>,
    step: &Arc<StepDefinition>,
    call: &StepCall,
    lag: Duration,
    limit: Option<Duration>,
) -> Option<Ended> {
    let permit = match worker.limiters.get(step.name()) {
        Some(limiter) => match Box::pin(limiter.admit(whose.instance, call)).await {
            Ok(permit) => Some(permit),
            Err(Wait { time, turn }) => {
                let until = engine::after(worker.options.clock.now(), time);
                let ending = if turn { Ending::Turn(until) } else { Ending::Postponed(until) };
                return Some(ended(call, ending, 0.0));
            }
        },
        None => None,
    };
    let breaker = worker.breakers.get(step.name());
    if let Some(breaker) = breaker {
        let admission = breaker.lock().unwrap_or_else(PoisonError::into_inner).admit(Instant::now());
        if let Admission::Wait(wait) = admission {
            // Spread, so that those who wait do not all come back for the next probe.
            let until = engine::after(worker.options.clock.now(), wait.mul_f64(1.0 + fastrand::f64()));
            return Some(ended(call, Ending::Postponed(until), 0.0));
        }
    }
    let meters = meters.step(step.name());
    if let Some(meters) = meters {
        meters.begun(lag);
    }
    let (span, begun) = (spans::attempt(call), Instant::now());
    let attempt = attempt::attempt(worker, whose, step, call).instrument(span.clone());
    let ending = match limit {
        None => Some(attempt.await),
        Some(limit) => timeout(limit, Box::pin(attempt)).await.ok(),
    };
    drop(permit);
    let failure = ending.as_ref().map_or(Some(FailureKind::TimedOut), failure);
    if let Some(meters) = meters {
        meters.ended(begun.elapsed());
        failure.into_iter().for_each(|failure| meters.failed(failure));
    }
    if failure.is_some() {
        spans::failed(&span);
    }
    drop(span);
    let failure_rate = breaker.map_or(0.0, |breaker| {
        let mut breaker = breaker.lock().unwrap_or_else(PoisonError::into_inner);
        breaker.ended(failure.is_some(), Instant::now());
        breaker.failure_rate()
    });
    let saved = whose.progress.and_then(|progress| progress.newest());
    let Some(ending) = ending else {
        let (instance, attempt) = (whose.instance, call.attempt);
        tracing::warn!(%instance, step = call.step, attempt, "the attempt is given up: its `timeout` is over, or its instance's deadline");
        return None;
    };
    log(whose.instance, call, &ending);
    Some(Ended { saved, ..ended(call, ending, failure_rate) })
}

/// What the engine is told of it.
pub(super) fn ended(call: &StepCall, ending: Ending, failure_rate: f64) -> Ended {
    Ended { of: call.occurrence, ending, chance: [fastrand::f64(), fastrand::f64()], failure_rate, saved: None }
}

fn log(instance: &InstanceId, call: &StepCall, ending: &Ending) {
    let (step, attempt) = (&call.step, call.attempt);
    match ending {
        Ending::Output(output) => match &output.error {
            None => tracing::debug!(%instance, step, attempt, "step done"),
            Some(AttemptError { text, terminal, .. }) => {
                tracing::warn!(%instance, step, attempt, terminal, "attempt failed: {text}");
            }
        },
        Ending::Fault(kind, message) => {
            tracing::error!(%instance, step, attempt, ?kind, "attempt ended without an output: {message}");
        }
        Ending::Unsavable(reason) => tracing::error!(%instance, step, attempt, "{reason}"),
        Ending::Postponed(_) | Ending::Turn(_) | Ending::Lost { .. } => {}
    }
}

/// How an attempt failed, if it did.
fn failure(ending: &Ending) -> Option<FailureKind> {
    match ending {
        Ending::Output(output) => output.error.is_some().then_some(FailureKind::Error),
        Ending::Fault(FaultKind::NotCommitted, _) => Some(FailureKind::Error),
        Ending::Fault(FaultKind::Panicked, _) => Some(FailureKind::Panicked),
        Ending::Fault(
            FaultKind::TimedOut | FaultKind::DeadlinePassed | FaultKind::Cancelled | FaultKind::Terminated,
            _,
        ) => Some(FailureKind::TimedOut),
        Ending::Fault(FaultKind::WorkerLost, _) | Ending::Lost { .. } => Some(FailureKind::WorkerLost),
        // No attempt ends so.
        Ending::Fault(FaultKind::NotStarted | FaultKind::NotFound, _) => Some(FailureKind::Error),
        Ending::Unsavable(_) => Some(FailureKind::Unsavable),
        Ending::Postponed(_) | Ending::Turn(_) => None,
    }
}
