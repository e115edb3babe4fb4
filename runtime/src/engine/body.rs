//! The saga's own code runs, from where it stands to its next step or its end.

use super::{Halt, Moment, pending_step, short, unwind};
use crate::definition::SagaDefinition;
use crate::durable::Reply;
use crate::machine::Advance;
use crate::record::{Cause, Fault, FaultKind, Frame, Record, Status};

/// Takes the saga up at its beginning.
pub(super) fn begin(record: Box<Record>, definition: &SagaDefinition, moment: &Moment) -> Result<Box<Record>, Halt> {
    advance(record, None, definition, moment)
}

/// Hands the body what it waits for.
pub(super) fn resume(
    record: Box<Record>,
    reply: Reply,
    definition: &SagaDefinition,
    moment: &Moment,
) -> Result<Box<Record>, Halt> {
    advance(record, Some(reply), definition, moment)
}

fn advance(
    mut record: Box<Record>,
    reply: Option<Reply>,
    definition: &SagaDefinition,
    moment: &Moment,
) -> Result<Box<Record>, Halt> {
    let frame = record.frame.take().ok_or_else(|| Halt::Illegal("a body without a frame".to_owned()))?;
    match definition.advance(&frame, reply) {
        Advance::Suspended(next) => {
            record.frame = Some(Frame { undo: frame.undo, ..next });
            called(record, definition, moment)
        }
        Advance::Returned { output, error: None } => {
            record.status = Status::Completed;
            record.output = Some(output);
            Ok(record)
        }
        Advance::Returned { output, error: Some(error) } => {
            record.frame = Some(frame);
            record.output = Some(output);
            unwind::begin(record, Cause::Error(short(error)), moment)
        }
        Advance::Unfit(reason) => Err(Halt::Pause(short(reason))),
        Advance::Panicked(message) => {
            record.frame = Some(frame);
            let fault = Fault { of: definition.name().to_owned(), kind: FaultKind::Panicked, message: short(message) };
            unwind::begin(record, Cause::Fault(fault), moment)
        }
    }
}

/// Fills in where and when the body has called a step, and registers the step's compensation if it is made from the
/// arguments alone: before the first attempt, so that it also runs when the outcome stays unknown.
fn called(mut record: Box<Record>, definition: &SagaDefinition, moment: &Moment) -> Result<Box<Record>, Halt> {
    record.steps += 1;
    let occurrence = record.steps;
    let site = record.frame.as_ref().map(|frame| frame.state.clone()).unwrap_or_default();
    let call = pending_step(&mut record)?;
    call.site = site;
    call.occurrence = occurrence;
    call.since = Some(moment.now);
    let step = definition
        .step(&call.step)
        .ok_or_else(|| Halt::Pause(format!("bug in sagaflow: step `{}` is called but not described", call.step)))?;
    if let Some(compensation) = step.compensation().filter(|compensation| compensation.before) {
        let undo = unwind::registered(compensation, call, None)?;
        if let Some(frame) = &mut record.frame {
            frame.undo.push(undo);
        }
    }
    Ok(record)
}
