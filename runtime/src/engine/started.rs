//! What runs beside the code of a saga: started calls, each a branch in the frame of the saga that has started it.
//!
//! While what a frame waits for, or one of its started calls, is worked on, the frame's started calls stand in the turn
//! ([`Turn::scopes`]), after those of the sagas that it is nested in. A handle is awaited in the saga that it belongs to.

use super::tree::{self, Done, Left};
use super::turn::{Raised, Turn};
use super::{Halt, body};
use crate::definition::SagaDefinition;
use crate::record::{Frame, HandleOf, Join, Node, Race, Reply, Started, Undo};

/// What has become of a started call that is awaited.
enum Found {
    Runs,
    Ended(Box<Started>),
    /// There is none (any more).
    None,
}

/// The code has started these: they begin, in this order.
pub(super) fn begin(frame: &mut Frame, new: Vec<Started>, site: &str, turn: &mut Turn<'_>) -> Result<(), Raised> {
    for mut started in new {
        let site = body::nested_site(site, label(&started.of.node));
        started.of.waiting = false;
        if !is_described(&started.of.node, turn.definition) {
            let what = label(&started.of.node);
            let reason = format!("`{what}` was started, and its handle is awaited nowhere in the saga: `.await` it");
            return Err(Halt::Pause(reason).into());
        }
        // It stands in the frame before it begins, so that what was registered in it is undone if it can't go on.
        frame.started.push(started);
        let place = frame.started.len() - 1;
        enter_scope(frame, turn);
        let began = poll_one(place, &site, true, turn);
        leave_scope(frame, turn);
        began?;
    }
    Ok(())
}

/// Something has happened: it goes to all that run, until none of them ends by it. What one of them has raised is concluded from
/// when all have heard of it.
pub(super) fn poll(frame: &mut Frame, site: &str, turn: &mut Turn<'_>) -> Result<Option<Raised>, Raised> {
    if frame.started.is_empty() {
        return Ok(None);
    }
    enter_scope(frame, turn);
    let polled = poll_all(site, turn);
    leave_scope(frame, turn);
    polled
}

fn poll_all(site: &str, turn: &mut Turn<'_>) -> Result<Option<Raised>, Raised> {
    let mut raised = None;
    loop {
        let (mut place, mut again) = (0, false);
        while let Some(started) = own(turn).get(place) {
            if started.of.runs() {
                let site = body::nested_site(site, label(&started.of.node));
                let number = own(turn).len();
                match poll_one(place, &site, false, turn) {
                    Ok(ended) => again |= ended,
                    Err(halt @ Raised::Halt(_)) => return Err(halt),
                    Err(other) => {
                        raised.get_or_insert(other);
                    }
                }
                // It has taken others out of the list: some of them have not heard of it yet.
                again |= own(turn).len() != number;
            }
            place += 1;
        }
        if !again {
            return Ok(raised);
        }
    }
}

/// A frame's code, or what it waits for, is worked on: what it has started is within reach.
pub(super) fn enter_scope(frame: &mut Frame, turn: &mut Turn<'_>) {
    turn.scopes.push(std::mem::take(&mut frame.started));
}

/// The frame has it back.
pub(super) fn leave_scope(frame: &mut Frame, turn: &mut Turn<'_>) {
    frame.started = turn.scopes.pop().unwrap_or_default();
}

/// The saga has ended: what it has started and not awaited is given up.
pub(super) fn give_up(frame: &mut Frame) -> Left {
    std::mem::take(&mut frame.started).iter_mut().map(|started| tree::give_up(&mut started.of)).collect()
}

/// A started call is awaited. How it has ended, if it has: then it is taken out of the record.
pub(super) fn take(handle: &HandleOf, undo: &mut Vec<Undo>, turn: &mut Turn<'_>) -> Result<Option<Done>, Raised> {
    match (find(handle, own(turn)), handle) {
        (Found::Runs, _) => Ok(None),
        (Found::Ended(started), handle) => {
            let Started { of, failed, cause, .. } = *started;
            let Node::Ended(reply) = of.node else {
                return Err(Halt::Illegal("what has ended runs; please report it".to_owned()).into());
            };
            turn.changes.note();
            turn.failed = cause;
            undo.extend(of.undo);
            let reply = match handle {
                HandleOf::Ticket(_) => *reply,
                HandleOf::Set(_) => Reply::One(0, reply),
            };
            Ok(Some(Done { reply, failed }))
        }
        (Found::None, HandleOf::Set(_)) => Ok(Some(Done { reply: Reply::Done, failed: false })),
        (Found::None, HandleOf::Ticket(ticket)) => Err(Halt::Pause(format!(
            "started call {ticket} is awaited for the second time: what it has yielded was taken the first time"
        ))
        .into()),
    }
}

fn find(handle: &HandleOf, scope: &mut Vec<Started>) -> Found {
    let is_it = |started: &Started| match handle {
        HandleOf::Ticket(ticket) => started.ticket == *ticket,
        HandleOf::Set(set) => started.set == *set,
    };
    // Of a set, the one that has ended first: they are put behind each other as they end.
    let ended = scope.iter().enumerate().filter(|(_, started)| is_it(started) && !started.of.runs());
    match ended.min_by_key(|(_, started)| started.ended).map(|(place, _)| place) {
        Some(place) => Found::Ended(Box::new(scope.remove(place))),
        None if scope.iter().any(is_it) => Found::Runs,
        None => Found::None,
    }
}

/// The started calls of the frame that is worked on.
fn own<'t>(turn: &'t mut Turn<'_>) -> &'t mut Vec<Started> {
    if turn.scopes.is_empty() {
        turn.scopes.push(Vec::new());
    }
    let last = turn.scopes.len() - 1;
    &mut turn.scopes[last]
}

/// One of them begins, or something has happened. Whether it has ended.
fn poll_one(place: usize, site: &str, begins: bool, turn: &mut Turn<'_>) -> Result<bool, Raised> {
    let ticket = own(turn)[place].ticket;
    // Out of the list while it is worked on: it may await others of the list, which are then taken out.
    let busy = Node::Handle(HandleOf::Ticket(ticket));
    let mut node = std::mem::replace(&mut own(turn)[place].of.node, busy);
    let mut undo = std::mem::take(&mut own(turn)[place].of.undo);
    turn.failed = None;
    let before = turn.changes.enter_started(place);
    let polled = match begins {
        true => tree::enter(&mut node, &mut undo, site, turn),
        false => tree::poll(&mut node, &mut undo, site, turn),
    };
    turn.changes.leave(&before);
    let (order, cause) = (turn.order(), turn.failed.take());
    let Some(started) = own(turn).iter_mut().find(|started| started.ticket == ticket) else {
        return Err(Halt::Illegal(format!("started call {ticket} is lost; please report it")).into());
    };
    (started.of.node, started.of.undo) = (node, undo);
    let Some(Done { reply, failed }) = polled? else { return Ok(false) };
    started.of.node = Node::Ended(Box::new(reply));
    (started.failed, started.cause, started.ended) = (failed, cause, order);
    turn.changes.note();
    Ok(true)
}

/// Whether the saga's code awaits such a call anywhere.
fn is_described(node: &Node, definition: &SagaDefinition) -> bool {
    match node {
        Node::Step(call) => definition.step(&call.step).is_some(),
        Node::Saga(nested) => definition.versions(&nested.saga).is_some(),
        Node::Child(child) => definition.has_child(&child.saga),
        Node::Timeout(timeout) => is_described(&timeout.of.node, definition),
        Node::Join(Join { of, .. }) | Node::Race(Race { of }) => {
            of.iter().all(|branch| is_described(&branch.node, definition))
        }
        _ => true,
    }
}

/// What goes into the sites of a started call: it has no state of its own.
fn label(node: &Node) -> &str {
    match node {
        Node::Step(call) => &call.step,
        Node::Saga(nested) => &nested.saga,
        Node::Child(child) => &child.saga,
        Node::Timeout(timeout) => label(&timeout.of.node),
        Node::Sleep(_) => "sleep",
        Node::Join(_) => "join",
        Node::Race(_) => "race",
        _ => "started",
    }
}
