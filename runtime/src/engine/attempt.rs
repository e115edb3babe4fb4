//! How an attempt ended: it is made again, or the instance goes on.

use std::time::Duration;

use super::{Halt, Moment, after, body, pending_step, short, until, unwind};
use crate::definition::{AttemptOutput, SagaDefinition, StepDefinition};
use crate::durable::Reply;
use crate::record::{Cause, Fault, FaultKind, Record, Status, StepCall};
use crate::retry::OnExhausted;
use crate::retry::schedule::{Past, next_delay};

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The step returned.
    Output(AttemptOutput),
    /// It did not, and this is what is known of it.
    Fault(FaultKind, String),
    /// Its arguments can't be read or its output can't be saved: another attempt would not help.
    Unsavable(String),
}

/// A step's end for good: what the body gets, or what the instance unwinds for.
enum Last {
    Success(AttemptOutput),
    Failure(AttemptOutput),
    Fault(Fault),
}

pub(super) fn ended(
    mut record: Box<Record>,
    ending: Ending,
    definition: &SagaDefinition,
    moment: &Moment,
) -> Result<Box<Record>, Halt> {
    let call = pending_step(&mut record)?;
    let step = definition
        .step(&call.step)
        .ok_or_else(|| Halt::Illegal(format!("an attempt of the unknown step `{}`", call.step)))?
        .clone();
    let (error, last, again) = match ending {
        Ending::Unsavable(reason) => return Err(Halt::Pause(short(reason))),
        Ending::Output(output) => match &output.error {
            None => (None, Last::Success(output), false),
            Some((text, terminal)) => (Some(text.clone()), Last::Failure(output.clone()), !terminal),
        },
        Ending::Fault(kind, message) => {
            let fault = Fault { of: call.step.clone(), kind, message: short(message) };
            (Some(fault.to_string()), Last::Fault(fault), true)
        }
    };
    if let Some(error) = error {
        if again && retry(call, &step, &error, moment) {
            record.attempts += 1;
            return Ok(record);
        }
        let attempt = call.attempt;
        call.error = Some(short(error));
        let pauses = step.policy().exhausted == OnExhausted::Pause;
        if again && pauses && record.status == Status::Running {
            let error = pending_step(&mut record)?.error.take().unwrap_or_default();
            return Err(Halt::Pause(format!("step `{}` has used up its attempts ({attempt}): {error}", step.name())));
        }
    }
    record.attempts += 1;
    if record.status == Status::Unwinding {
        return match last {
            Last::Success(_) => unwind::undone(record, moment),
            Last::Failure(_) | Last::Fault(_) => unwind::stuck(record),
        };
    }
    match last {
        Last::Success(output) => {
            register(&mut record, &step, &output)?;
            body::resume(record, Reply::Output(output.output), definition, moment)
        }
        Last::Failure(output) => body::resume(record, Reply::Output(output.output), definition, moment),
        Last::Fault(fault) if pending_step(&mut record)?.catch => {
            body::resume(record, Reply::Fault(fault), definition, moment)
        }
        Last::Fault(fault) => unwind::begin(record, Cause::Fault(fault), moment),
    }
}

/// Notes that a worker has gone while it held the record. What the server counts as deliveries is not used for this:
/// it is forgotten when a consumer is moved or made anew (nats-server#5346), and it also counts what was handed
/// back on purpose. A take-over is therefore a transition of its own, visible to an operator.
pub(super) fn worker_lost(
    mut record: Box<Record>,
    limit: u32,
    definition: &SagaDefinition,
    moment: &Moment,
) -> Result<Box<Record>, Halt> {
    let call = pending_step(&mut record)?;
    call.lost = call.lost.saturating_add(1);
    if call.lost < limit {
        // It has waited for its time; from here on a second delivery is a lost worker at once.
        call.not_before = None;
        return Ok(record);
    }
    let message = format!("{} workers in a row died or went silent during attempt {}", call.lost, call.attempt);
    ended(record, Ending::Fault(FaultKind::WorkerLost, message), definition, moment)
}

/// Makes the call ready for its next attempt, if its policy allows one.
fn retry(call: &mut StepCall, step: &StepDefinition, error: &str, moment: &Moment) -> bool {
    let past = Past {
        previous: call.delay_ms.map(Duration::from_millis),
        attempt: call.attempt,
        elapsed: call.since.map_or(Duration::ZERO, |since| until(since, moment.now)),
        failure_rate: moment.failure_rate,
    };
    let Some(delay) = next_delay(step.policy(), past, moment.chance) else { return false };
    call.attempt = call.attempt.saturating_add(1);
    call.lost = 0;
    call.error = Some(short(error.to_owned()));
    call.not_before = Some(after(moment.now, delay.wait));
    // Rounded up, so that a delay of less than a millisecond can grow.
    call.delay_ms = Some(u64::try_from(delay.base.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX));
    true
}

/// Registers the compensation of a step that has succeeded, if it is made from the output.
fn register(record: &mut Record, step: &StepDefinition, output: &AttemptOutput) -> Result<(), Halt> {
    let Some(compensation) = step.compensation().filter(|compensation| !compensation.before) else { return Ok(()) };
    let call = pending_step(record)?;
    let undo = unwind::registered(compensation, call, Some(&output.output))?;
    if let Some(frame) = &mut record.frame {
        frame.undo.push(undo);
    }
    Ok(())
}
