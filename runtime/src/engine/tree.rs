//! What is awaited, from its beginning to its reply. Each function goes down to the leaves; what has ended goes up.
//!
//! A compensation is registered with the saga whose code has made the call, or with the branch of the tree that can be given up
//! (`undo` below). What is given up, or fails with its own saga, is undone where it stands before the reply goes up.

use super::attempt::{self, Last, Purpose};
use super::branches::{self, Over};
use super::turn::{Raised, Turn, in_order};
use super::{Halt, after, body, children, scope, started, unwind};
use crate::record::{Branch, Child, FailedCall, Nested, Node, Reply, StepCall, Timeout, Timer, Undo, Undoing};

/// What was awaited has come to its end.
#[derive(Debug)]
pub(super) struct Done {
    pub reply: Reply,
    /// Whether what the `.await` yields is an `Err`.
    pub failed: bool,
}

/// What is left of something that was given up.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// The compensations that were registered in it.
    pub undo: Vec<Undo>,
    /// The children that it waited for.
    pub children: Vec<Child>,
}

impl Left {
    pub(super) fn append(&mut self, mut other: Self) {
        self.undo.append(&mut other.undo);
        self.children.append(&mut other.children);
    }
}

impl FromIterator<Left> for Left {
    fn from_iter<I: IntoIterator<Item = Self>>(parts: I) -> Self {
        let mut all = Self::default();
        parts.into_iter().for_each(|left| all.append(left));
        all
    }
}

impl From<Vec<Undo>> for Left {
    fn from(undo: Vec<Undo>) -> Self {
        Self { undo, children: Vec::new() }
    }
}

impl Done {
    fn well(reply: Reply) -> Self {
        Self { reply, failed: false }
    }

    fn badly(reply: Reply) -> Self {
        Self { reply, failed: true }
    }
}

/// Begins to wait for it. A reply, if there is nothing to wait for.
pub(super) fn enter(
    node: &mut Node,
    undo: &mut Vec<Undo>,
    site: &str,
    turn: &mut Turn<'_>,
) -> Result<Option<Done>, Raised> {
    match node {
        Node::Step(call) => {
            begin_call(call, undo, site, turn)?;
            Ok(None)
        }
        Node::Sleep(timer) => {
            begin_timer(timer, turn);
            Ok(None)
        }
        Node::Signal(signal) => Ok(turn.signal(signal, true)),
        Node::Saga(nested) => {
            let Nested { saga, frame, .. } = &mut **nested;
            // What its caller has seen fail before led to nothing in here.
            turn.failed = None;
            let returned = body::advance(saga, frame, None, site, turn);
            nested_ended(node, returned, undo, site, turn)
        }
        Node::Timeout(timeout) => {
            begin_timer(&mut timeout.timer, turn);
            let Branch { node: of, undo: own, .. } = &mut timeout.of;
            let done = enter(of, own, site, turn)?;
            Ok(done.map(|done| in_time(timeout, done.reply, undo)))
        }
        Node::Join(join) => {
            let over = branches::enter_join(join, site, turn)?;
            Ok(over.and_then(|over| several_ended(node, over, undo, turn)))
        }
        Node::Race(race) => {
            let over = branches::enter_race(race, site, turn)?;
            Ok(over.and_then(|over| several_ended(node, over, undo, turn)))
        }
        Node::Scope(scoping) => {
            scope::enter(scoping, undo, site, turn);
            Ok(Some(Done::well(Reply::Done)))
        }
        Node::Answer(answer) => {
            turn.answer(answer.clone());
            Ok(Some(Done::well(Reply::Done)))
        }
        Node::Handle(handle) => started::take(handle, undo, turn),
        Node::Child(child) => {
            children::begin(child, turn);
            Ok(None)
        }
        Node::Undo(_) | Node::Ended(_) => Err(Halt::Illegal("nothing begins with its end".to_owned()).into()),
    }
}

/// Something has happened. A reply, if it has come to its end by that.
pub(super) fn poll(
    node: &mut Node,
    undo: &mut Vec<Undo>,
    site: &str,
    turn: &mut Turn<'_>,
) -> Result<Option<Done>, Raised> {
    match node {
        Node::Step(call) => match turn.take(call.occurrence) {
            Some(ended) => match attempt::ended(call, ended, Purpose::Forward, turn)? {
                Some(last) => call_ended(call, last, undo, turn).map(Some),
                None => Ok(None),
            },
            None => Ok(None),
        },
        Node::Signal(signal) => Ok(turn.signal(signal, false)),
        Node::Sleep(timer) => Ok(is_due(*timer, turn).then_some(Done::well(Reply::Elapsed))),
        Node::Saga(nested) => {
            let Nested { saga, frame, .. } = &mut **nested;
            let returned = body::poll(saga, frame, site, turn);
            nested_ended(node, returned, undo, site, turn)
        }
        Node::Timeout(timeout) => {
            let Branch { node: of, undo: own, .. } = &mut timeout.of;
            if let Some(done) = poll(of, own, site, turn)? {
                return Ok(Some(in_time(timeout, done.reply, undo)));
            }
            if !is_due(timeout.timer, turn) {
                return Ok(None);
            }
            let given_up = give_up(&mut timeout.of);
            Ok(undo_first(node, given_up, Done::badly(Reply::TimedOut), turn))
        }
        Node::Undo(undoing) => {
            let Undoing { children, undo, call, then, failed, cause } = &mut **undoing;
            match call {
                None => {
                    children::poll_given_up(children, undo, turn);
                    if !children.is_empty() {
                        return Ok(None);
                    }
                }
                Some(call) => match unwind::poll(call, turn)? {
                    false => return Ok(None),
                    true => drop(undo.pop()),
                },
            }
            turn.failed = cause.take();
            let (undo, done) = (std::mem::take(undo), Done { reply: then.clone(), failed: *failed });
            Ok(undo_first(node, undo.into(), done, turn))
        }
        Node::Join(join) => {
            let over = branches::poll_join(join, site, turn)?;
            Ok(over.and_then(|over| several_ended(node, over, undo, turn)))
        }
        Node::Race(race) => {
            let over = branches::poll_race(race, site, turn)?;
            Ok(over.and_then(|over| several_ended(node, over, undo, turn)))
        }
        Node::Handle(handle) => started::take(handle, undo, turn),
        Node::Child(_) => children::poll(node, undo, site, turn),
        Node::Ended(_) | Node::Scope(_) | Node::Answer(_) => Ok(None),
    }
}

/// Gives up what is pending.
pub(super) fn give_up_node(node: &mut Node) -> Left {
    match node {
        Node::Step(_)
        | Node::Sleep(_)
        | Node::Signal(_)
        | Node::Ended(_)
        | Node::Scope(_)
        | Node::Answer(_)
        | Node::Handle(_) => Left::default(),
        Node::Child(child) => Left { children: vec![Child::clone(child)], undo: Vec::new() },
        Node::Join(join) => branches::give_up(&mut join.of),
        Node::Race(race) => branches::give_up(&mut race.of),
        Node::Undo(undoing) => {
            let (undo, children) = (std::mem::take(&mut undoing.undo), std::mem::take(&mut undoing.children));
            Left { undo, children }
        }
        Node::Timeout(timeout) => give_up(&mut timeout.of),
        Node::Saga(nested) => {
            let mut left = Left::from(std::mem::take(&mut nested.frame.undo));
            left.append(nested.frame.pending.as_mut().map(|node| give_up_node(node)).unwrap_or_default());
            left.append(started::give_up(&mut nested.frame));
            left
        }
    }
}

/// The same for a branch. In one that has not begun there is nothing.
pub(super) fn give_up(branch: &mut Branch) -> Left {
    let mut left = Left::from(std::mem::take(&mut branch.undo));
    if !branch.waiting {
        left.append(give_up_node(&mut branch.node));
    }
    left
}

/// Fills in where and when a step is called, and registers its compensation if that is made from the arguments alone:
/// before the first attempt, so that it also runs when the outcome stays unknown.
fn begin_call(call: &mut StepCall, undo: &mut Vec<Undo>, site: &str, turn: &mut Turn<'_>) -> Result<(), Raised> {
    call.occurrence = turn.next_call();
    site.clone_into(&mut call.site);
    call.since = Some(turn.now);
    let step = turn
        .definition
        .step(&call.step)
        .ok_or_else(|| Halt::Pause(format!("bug in sagaflow: step `{}` is called but not described", call.step)))?;
    if let Some(compensation) = step.compensation().filter(|compensation| compensation.before) {
        undo.push(unwind::registered(compensation, call, None, turn)?);
    }
    Ok(())
}

/// A call has come to its end: its compensation is registered if that is made from the output.
///
/// One that was registered before has its place in the order from here on: what ends last is undone first.
fn call_ended(call: &StepCall, last: Last, undo: &mut Vec<Undo>, turn: &mut Turn<'_>) -> Result<Done, Raised> {
    let output = match last {
        Last::Success(output) => output,
        Last::Failure(output) => {
            turn.note_failed(call);
            return Ok(Done::badly(Reply::Output(output.output)));
        }
        Last::Fault(fault) if call.catch => {
            turn.note_failed(call);
            return Ok(Done::badly(Reply::Fault(fault)));
        }
        Last::Fault(fault) => return Err(Raised::Fault(fault)),
    };
    match turn.definition.step(&call.step).and_then(|step| step.compensation()) {
        None => {}
        Some(compensation) if compensation.before => {
            let registered = undo.iter_mut().rev().find(|undo| undo.before && undo.occurrence == call.occurrence);
            registered.into_iter().for_each(|undo| undo.order = turn.order());
        }
        Some(compensation) => undo.push(unwind::registered(compensation, call, Some(&output.output), turn)?),
    }
    Ok(Done::well(Reply::Output(output.output)))
}

fn begin_timer(timer: &mut Timer, turn: &Turn<'_>) {
    if let Some(ms) = timer.after_ms.take() {
        timer.until = Some(after(turn.now, std::time::Duration::from_millis(ms)));
    }
}

fn is_due(timer: Timer, turn: &mut Turn<'_>) -> bool {
    let due = timer.until.is_none_or(|until| until <= turn.due);
    if due {
        turn.changes.note();
    }
    due
}

/// What has ended in time has its compensations registered where its caller's are.
fn in_time(timeout: &mut Timeout, reply: Reply, undo: &mut Vec<Undo>) -> Done {
    undo.append(&mut timeout.of.undo);
    Done::well(Reply::InTime(Box::new(reply)))
}

/// A join or race has come to its end: what it doesn't leave to its caller is undone first.
fn several_ended(node: &mut Node, over: Over, undo: &mut Vec<Undo>, turn: &mut Turn<'_>) -> Option<Done> {
    turn.changes.note();
    undo.extend(over.kept);
    undo_first(node, over.left, over.done, turn)
}

/// A nested saga that has returned a value runs what it has deferred, and leaves its compensations to its caller; one that has
/// failed is undone first.
fn nested_ended(
    node: &mut Node,
    returned: Result<Option<body::Returned>, Raised>,
    undo: &mut Vec<Undo>,
    site: &str,
    turn: &mut Turn<'_>,
) -> Result<Option<Done>, Raised> {
    let Node::Saga(nested) = &mut *node else {
        return Err(Halt::Illegal("only sagas return".to_owned()).into());
    };
    let fault = match returned {
        Ok(None) => return Ok(None),
        Ok(Some(body::Returned { output, error: None, children })) => {
            let deferred = scope::leave(std::mem::take(&mut nested.frame.undo), undo);
            turn.failed = None;
            let left = Left { undo: deferred, children };
            return Ok(undo_first(node, left, Done::well(Reply::Output(output)), turn));
        }
        Ok(Some(body::Returned { output, error: Some(error), children })) => {
            let (of, origin, cause) = (nested.saga.clone(), turn.origin(site, 0), turn.failed.take());
            turn.failed = Some(Box::new(FailedCall { of, error, origin, cause: None }.caused_by(cause)));
            let left = Left { undo: std::mem::take(&mut nested.frame.undo), children };
            return Ok(undo_first(node, left, Done::badly(Reply::Output(output)), turn));
        }
        Err(Raised::Fault(fault)) if nested.catch => fault,
        Err(raised) => return Err(raised),
    };
    turn.failed = FailedCall::of_fault(&fault);
    let given_up = give_up_node(node);
    Ok(undo_first(node, given_up, Done::badly(Reply::Fault(fault)), turn))
}

/// Waits for the ends of its children, and undoes, before it replies.
fn undo_first(node: &mut Node, left: Left, done: Done, turn: &mut Turn<'_>) -> Option<Done> {
    let Left { mut undo, children } = left;
    let children = children::to_end(children, &mut undo, turn);
    undo = in_order(undo);
    let call = match undo.last_mut() {
        Some(last) if children.is_empty() => Some(unwind::begin_call(last, turn)),
        None if children.is_empty() => return Some(done),
        _ => None,
    };
    let (Done { reply: then, failed }, cause) = (done, turn.failed.take());
    *node = Node::Undo(Box::new(Undoing { children, undo, call, then, failed, cause }));
    None
}
