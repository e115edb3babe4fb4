//! How an attempt ended: it is made again, or the call has come to its end.

use std::time::Duration;

use jiff::Timestamp;

use super::turn::{Raised, Turn};
use super::{Halt, after, short, until};
use crate::definition::{AttemptError, AttemptOutput, StepDefinition};
use crate::record::{Fault, FaultKind, StepCall, Value};
use crate::retry::OnExhausted;
use crate::retry::schedule::{Past, next_delay};

/// An attempt of a call has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The call's occurrence.
    pub of: u64,
    /// How.
    pub ending: Ending,
    /// Two independent random numbers in [0, 1).
    pub chance: [f64; 2],
    /// The failure rate of its step in this worker, 0 to 1.
    pub failure_rate: f64,
    /// What the step has saved while it ran.
    pub saved: Option<Value>,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The step returned.
    Output(AttemptOutput),
    /// It did not, and this is what is known of it.
    Fault(FaultKind, String),
    /// Its arguments can't be read or its output can't be saved: another attempt would not help.
    Unsavable(String),
    /// It was not made, and is not to be made before this time (its circuit breaker is open).
    Postponed(Timestamp),
    /// The same, and at that time it is its turn.
    Turn(Timestamp),
    /// The worker that held the record, and perhaps made the attempt, has gone without a word.
    Lost {
        /// From this many lost workers on, the attempt counts as failed.
        limit: u32,
        /// It made no other. Of several, nobody knows which one has killed it: then none of them counts as failed by that, but they are
        /// tried alone next time (see [`last_chance`](super::last_chance)).
        alone: bool,
    },
}

/// A call's end for good.
#[derive(Debug)]
pub(super) enum Last {
    Success(AttemptOutput),
    Failure(AttemptOutput),
    Fault(Fault),
}

/// What a call is made for: what can be done about one that has used up its attempts depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Forward,
    Compensation,
}

/// An attempt of the call has ended. Without a result, there is another one to come.
pub(super) fn ended(
    call: &mut StepCall,
    ended: Ended,
    purpose: Purpose,
    turn: &mut Turn<'_>,
) -> Result<Option<Last>, Raised> {
    let step = turn
        .definition
        .step(&call.step)
        .ok_or_else(|| Halt::Illegal(format!("an attempt of the unknown step `{}`", call.step)))?;
    let Ended { ending, chance, failure_rate, saved, .. } = ended;
    call.saved = saved.or(call.saved.take());
    let mut asked = None;
    let (error, last, again) = match ending {
        Ending::Unsavable(reason) => return Err(Halt::Pause(short(reason)).into()),
        Ending::Postponed(until) => {
            call.not_before = Some(until);
            return Ok(None);
        }
        Ending::Turn(turn) => {
            (call.not_before, call.turn) = (Some(turn), true);
            return Ok(None);
        }
        Ending::Lost { limit, alone } => match worker_lost(call, limit, alone) {
            None => return Ok(None),
            Some(message) => {
                let fault = fault(call, FaultKind::WorkerLost, message, turn);
                (Some(fault.to_string()), Last::Fault(fault), true)
            }
        },
        Ending::Output(output) => match &output.error {
            None => (None, Last::Success(output), false),
            Some(AttemptError { text, terminal, retry_after }) => {
                asked = *retry_after;
                (Some(text.clone()), Last::Failure(output.clone()), !terminal)
            }
        },
        Ending::Fault(kind, message) => {
            let fault = fault(call, kind, message, turn);
            (Some(fault.to_string()), Last::Fault(fault), true)
        }
    };
    if let Some(error) = error {
        if again && retry(call, step, &error, asked, turn.now, chance, failure_rate) {
            turn.attempts += 1;
            return Ok(None);
        }
        let error = short(error);
        if again && purpose == Purpose::Forward && step.policy().exhausted == OnExhausted::Pause {
            let attempt = call.attempt;
            let reason = format!("step `{}` has used up its attempts ({attempt}): {error}", step.name());
            return Err(Halt::Pause(reason).into());
        }
        call.error = Some(error);
    }
    turn.attempts += 1;
    Ok(Some(last))
}

fn fault(call: &StepCall, kind: FaultKind, message: String, turn: &Turn<'_>) -> Fault {
    let origin = Some(Box::new(turn.origin(&call.site, call.attempt)));
    Fault { of: call.step.clone(), kind, message: short(message), origin }
}

/// Makes the call ready for its next attempt, if its policy allows one.
fn retry(
    call: &mut StepCall,
    step: &StepDefinition,
    error: &str,
    asked: Option<Duration>,
    now: Timestamp,
    chance: [f64; 2],
    failure_rate: f64,
) -> bool {
    let past = Past {
        previous: call.delay_ms.map(Duration::from_millis),
        attempt: call.attempt,
        elapsed: call.since.map_or(Duration::ZERO, |since| until(since, now)),
        failure_rate,
        asked,
    };
    let Some(delay) = next_delay(step.policy(), past, chance) else { return false };
    call.attempt = call.attempt.saturating_add(1);
    call.lost = 0;
    call.error = Some(short(error.to_owned()));
    (call.not_before, call.turn) = (Some(after(now, delay.wait)), false);
    // Rounded up, so that a delay of less than a millisecond can grow.
    call.delay_ms = Some(u64::try_from(delay.base.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX));
    true
}

/// Notes that a worker has gone while it held the record; what to say of it, if the attempt counts as failed by that. What the server counts as
/// deliveries is not used for this: it is forgotten when a consumer is moved or made anew (nats-server#5346), and it
/// also counts what was handed back on purpose. A take-over is therefore a transition of its own, visible to an operator.
fn worker_lost(call: &mut StepCall, limit: u32, alone: bool) -> Option<String> {
    let spared = !alone && last_chance(call, limit);
    if !spared {
        call.lost = call.lost.saturating_add(1);
    }
    if spared || call.lost < limit {
        // It has waited for its time; from here on a second delivery is a lost worker at once.
        (call.not_before, call.turn) = (None, false);
        return None;
    }
    Some(format!("{} workers in a row died or went silent during attempt {}", call.lost, call.attempt))
}

/// Whether the attempt counts as failed when one more worker is lost during it. It is made alone then, so that it is known which one kills
/// workers. Where the first loss is one too many, there is nothing to find out.
pub(crate) fn last_chance(call: &StepCall, limit: u32) -> bool {
    limit > 1 && call.lost.saturating_add(1) >= limit
}
