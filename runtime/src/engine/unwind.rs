//! Unwinding: the registered compensations are run, last first, each as a step with its own retry policy.
//!
//! A compensation's idempotency key: one that was registered before the first attempt has the site and occurrence of the step
//! that it undoes, and so shares its key. Any other is a call of its own: site `create_user:delete_user` (where
//! the forward step was called, and the step that undoes it), and the next free occurrence.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Halt, Moment, pending_step, short};
use crate::definition::Compensation;
use crate::machine::panic_text;
use crate::record::{Cause, Node, Record, Status, StepCall, Undo, Value, Vars};

/// Begins to unwind, for `cause`.
pub(super) fn begin(mut record: Box<Record>, cause: Cause, moment: &Moment) -> Result<Box<Record>, Halt> {
    record.cause = Some(cause);
    if let Some(frame) = &mut record.frame {
        frame.vars = Vars::default();
    }
    next(record, moment)
}

/// A compensation has been run.
pub(super) fn undone(mut record: Box<Record>, moment: &Moment) -> Result<Box<Record>, Halt> {
    record.undone += 1;
    next(record, moment)
}

/// A compensation has failed for good. It stays pending, and those after it registered, for an operator to go on with.
pub(super) fn stuck(mut record: Box<Record>) -> Result<Box<Record>, Halt> {
    let call = pending_step(&mut record)?;
    let error = call.error.as_deref().unwrap_or("unknown");
    let reason = format!("compensation `{}` has failed at attempt {}: {error}", call.step, call.attempt);
    record.reason = Some(short(reason));
    record.status = Status::Stuck;
    Ok(record)
}

/// The compensation to register for a call.
pub(super) fn registered(compensation: &Compensation, call: &StepCall, output: Option<&Value>) -> Result<Undo, Halt> {
    // The expression is the user's code. If it fails there is nothing to register, and going on without it (or
    // unwinding without it) would silently leave the step's work behind: only an operator can decide.
    let made = catch_unwind(AssertUnwindSafe(|| compensation.arguments(&call.args, output)))
        .unwrap_or_else(|panic| Err(format!("it panicked: {}", panic_text(&*panic))));
    let args = made.map_err(|error| {
        let (undo, step) = (compensation.step(), &call.step);
        Halt::Pause(short(format!("the call of `{undo}`, which undoes step `{step}`, can't be made: {error}")))
    })?;
    Ok(Undo {
        step: compensation.step().to_owned(),
        args,
        site: call.site.clone(),
        occurrence: call.occurrence,
        before: compensation.before,
    })
}

/// The next compensation becomes the pending step; without one, the instance has come to its end.
fn next(mut record: Box<Record>, moment: &Moment) -> Result<Box<Record>, Halt> {
    let Some(undo) = record.frame.as_mut().and_then(|frame| frame.undo.pop()) else {
        record.status = if record.undone > 0 { Status::Compensated } else { Status::Failed };
        record.frame = None;
        return Ok(record);
    };
    record.status = Status::Unwinding;
    record.steps += 1;
    let (site, occurrence) =
        if undo.before { (undo.site, undo.occurrence) } else { (format!("{}:{}", undo.site, undo.step), record.steps) };
    let call = StepCall {
        step: undo.step,
        args: undo.args,
        site,
        occurrence,
        attempt: 1,
        lost: 0,
        since: Some(moment.now),
        not_before: None,
        delay_ms: None,
        error: None,
        catch: false,
    };
    if let Some(frame) = &mut record.frame {
        frame.pending = Some(Box::new(Node::Step(call)));
    }
    Ok(record)
}
