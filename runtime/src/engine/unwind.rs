//! Unwinding: the registered compensations are run, last first, each as a step with its own retry policy; deferred steps among them, which
//! are run when a saga has succeeded, too.
//!
//! A compensation's idempotency key: one that was registered before the first attempt has the site and occurrence of the step
//! that it undoes, and so shares its key. Any other is a call of its own: site `create_user:delete_user` (where
//! the forward step was called, and the step that undoes it), and the next free occurrence.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::attempt::{self, Last, Purpose};
use super::turn::{Raised, Turn, in_order};
use super::{Halt, short};
use super::{children, started, tree};
use crate::definition::Compensation;
use crate::machine::panic_text;
use crate::record::{Cause, Child, Frame, Node, Record, Reply, Status, StepCall, Undo, Undoing, Value, Vars};

/// The instance begins to unwind, for `cause`: what it waits for is given up, and the children that are left with it.
pub(super) fn begin(record: &mut Record, cause: Cause, children: Vec<Child>, turn: &mut Turn<'_>) {
    record.cause = Some(cause);
    let mut left = tree::Left { undo: Vec::new(), children };
    if let Some(frame) = &mut record.frame {
        frame.vars = Vars::default();
        left.append(frame.pending.take().map(|mut node| tree::give_up_node(&mut node)).unwrap_or_default());
        left.append(started::give_up(frame));
        frame.undo.append(&mut left.undo);
        frame.undo = in_order(std::mem::take(&mut frame.undo));
    }
    end_children(record, left.children, turn);
}

/// The saga has returned a value: what it has deferred is run, and then it has completed. Nothing stops it on this way any more.
pub(super) fn finish(record: &mut Record, children: Vec<Child>, turn: &mut Turn<'_>) {
    if let Some(frame) = &mut record.frame {
        (frame.vars, frame.pending) = (Vars::default(), None);
        frame.undo.retain(|undo| undo.deferred);
        frame.undo = in_order(std::mem::take(&mut frame.undo));
    }
    end_children(record, children, turn);
}

/// First of all the children come to their ends.
fn end_children(record: &mut Record, children: Vec<Child>, turn: &mut Turn<'_>) {
    let mut undo = Vec::new();
    let children = children::to_end(children, &mut undo, turn);
    record.frame.iter_mut().for_each(|frame| frame.undo.append(&mut undo));
    match &mut record.frame {
        Some(frame) if !children.is_empty() => {
            record.status = Status::Unwinding;
            let (undo, call, then, failed, cause) = (Vec::new(), None, Reply::Done, false, None);
            frame.pending = Some(Box::new(Node::Undo(Box::new(Undoing { children, undo, call, then, failed, cause }))));
        }
        _ => next(record, turn),
    }
}

/// Something has happened to the compensation that the instance waits for, or to its children.
pub(super) fn resume(record: &mut Record, turn: &mut Turn<'_>) -> Result<(), Raised> {
    let (pending, undo) = match &mut record.frame {
        Some(Frame { pending, undo, .. }) => (pending.as_deref_mut(), undo),
        None => return Err(Halt::Illegal("it unwinds without a frame; please report it".to_owned()).into()),
    };
    let is_over = match pending {
        Some(Node::Step(call)) => poll(call, turn)?,
        Some(Node::Undo(undoing)) => {
            children::poll_given_up(&mut undoing.children, undo, turn);
            undoing.children.is_empty()
        }
        _ => return Err(Halt::Illegal("there is no pending step; please report it".to_owned()).into()),
    };
    if is_over {
        next(record, turn);
    }
    Ok(())
}

/// Something has happened to the call of a compensation. Whether it has been run.
///
/// One that has failed for good stays pending, and those after it registered, for an operator to go on with.
pub(super) fn poll(call: &mut StepCall, turn: &mut Turn<'_>) -> Result<bool, Raised> {
    let Some(ended) = turn.take(call.occurrence) else { return Ok(false) };
    match attempt::ended(call, ended, Purpose::Compensation, turn)? {
        None => Ok(false),
        Some(Last::Success(_)) => {
            turn.undone += u64::from(!call.deferred && call.skipped.is_none());
            Ok(true)
        }
        Some(Last::Failure(_) | Last::Fault(_)) => {
            let error = call.error.as_deref().unwrap_or("unknown");
            let what = if call.deferred { "deferred step" } else { "compensation" };
            let reason = format!("{what} `{}` has failed at attempt {}: {error}", call.step, call.attempt);
            Err(Raised::Stuck(short(reason)))
        }
    }
}

/// The compensation to register for a call.
pub(super) fn registered(
    compensation: &Compensation,
    call: &StepCall,
    output: Option<&Value>,
    turn: &Turn<'_>,
) -> Result<Undo, Halt> {
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
        order: turn.order(),
        begun: 0,
        deferred: false,
    })
}

/// The call of a compensation. Begun anew (what had begun to undo was given up), it keeps its idempotency key.
pub(super) fn begin_call(undo: &mut Undo, turn: &mut Turn<'_>) -> StepCall {
    if undo.begun == 0 {
        undo.begun = turn.next_call();
    }
    let (site, occurrence) = match undo.before {
        true => (undo.site.clone(), undo.occurrence),
        false => (format!("{}:{}", undo.site, undo.step), undo.begun),
    };
    StepCall {
        step: undo.step.clone(),
        args: undo.args.clone(),
        site,
        occurrence,
        attempt: 1,
        lost: 0,
        since: Some(turn.now),
        not_before: None,
        turn: false,
        delay_ms: None,
        error: None,
        catch: false,
        deferred: undo.deferred,
        undoes: undo.before && !undo.deferred,
        saved: None,
        skipped: None,
    }
}

/// The next compensation becomes the pending step; without one, the instance has come to its end.
fn next(record: &mut Record, turn: &mut Turn<'_>) {
    let Some((frame, mut undo)) = record.frame.as_mut().and_then(|frame| frame.undo.pop().map(|undo| (frame, undo)))
    else {
        record.status = match record.cause {
            None => Status::Completed,
            Some(_) if turn.undone > 0 => Status::Compensated,
            Some(_) => Status::Failed,
        };
        record.frame = None;
        return;
    };
    record.status = Status::Unwinding;
    frame.pending = Some(Box::new(Node::Step(begin_call(&mut undo, turn))));
}
