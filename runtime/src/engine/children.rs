//! Children: from the call that starts one to its end.
//!
//! A record announces what is to be sent (a start, or a request to cancel), and whoever takes it up sends it, as often as it takes, before
//! anything else happens to the instance ([`plan`](super::plan())). So **a child that a stored record wants to have started is
//! started before it can be given up**, and one that is given up without having been in a stored record has never been.
//!
//! A child tells of its end by mail to its parent. That mail is for one call alone, so a leaf takes it whatever else happens at the same time.

use super::changes::Path;
use super::tree::Done;
use super::turn::{Raised, Turn};
use crate::record::{
    Cause, Child, ChildEnd, Deferred, FailedCall, Fault, FaultKind, Frame, Join, Node, Origin, Race, Record, Reply,
    StartedBy, Status, Undo, Value,
};
use crate::transport::InstanceId;

/// The queue in which an instance hears of the ends of its children.
pub(crate) const CHILD: &str = "$child";

/// The queue in which it hears of those that have attached to it.
pub(crate) const ATTACH: &str = "$attach";

/// What a record wants to have sent.
#[derive(Debug)]
pub(crate) enum Outgoing<'r> {
    /// A child is to be started.
    Start(&'r Child),
    /// Its end is to be asked for.
    Attach(&'r Child),
    /// It is to be cancelled.
    Cancel(&'r Child),
}

/// What has become of it.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The call of the child.
    pub call: u64,
    /// Why the child could not be started, and never can; or what was to be attached to is not there.
    pub refused: Option<String>,
}

/// All that a record wants to have sent.
pub(crate) fn outgoing(record: &Record) -> Vec<Outgoing<'_>> {
    let mut outgoing = Vec::new();
    each(record, &mut |child, ends| match (ends, &child.args) {
        (false, Some(_)) if child.attached => outgoing.push(Outgoing::Attach(child)),
        (false, Some(_)) => outgoing.push(Outgoing::Start(child)),
        (true, _) if !child.cancelled => outgoing.push(Outgoing::Cancel(child)),
        _ => {}
    });
    outgoing
}

/// The children that a record waits for.
pub(crate) fn children(record: &Record) -> Vec<&Child> {
    let mut children = Vec::new();
    each(record, &mut |child, _| children.push(child));
    children
}

/// Whether all that a record waits for at its top are the ends of children that have been given up.
pub(crate) fn waits_for_children(record: &Record) -> bool {
    let frame = record.frame.as_ref().filter(|frame| frame.started.is_empty());
    matches!(frame.and_then(|frame| frame.pending.as_deref()), Some(Node::Undo(undoing)) if !undoing.children.is_empty())
}

/// Whether nothing has come of the ends of children but that these have ended, so that it can as well be found again in the queue: the
/// branches that have changed have ended, or go on waiting for others that have been given up. `before` is whether the record
/// [waited for children](waits_for_children) alone.
pub(crate) fn only_children_ended(record: &Record, before: bool, changed: Option<&[Path]>) -> bool {
    let Some(paths) = changed else { return before && waits_for_children(record) };
    let Some(frame) = &record.frame else { return false };
    paths.iter().all(|path| match super::notes::branch_of(frame, path).map(|branch| &branch.node) {
        Some(Node::Ended(_)) => true,
        Some(Node::Undo(undoing)) => !undoing.children.is_empty(),
        _ => false,
    })
}

/// Notes who wants to hear of the end of an instance.
pub(crate) fn attach(record: &mut Record, who: Vec<(u64, Option<StartedBy>)>) {
    for (number, who) in who {
        record.attached.extend(who.filter(|who| !record.attached.contains(who)));
        let taken = record.taken.entry(ATTACH.to_owned()).or_default();
        *taken = number.max(*taken);
    }
}

/// By what a request to hear of an end is known.
pub(crate) fn key_of(who: &StartedBy) -> String {
    id_of(&who.saga, &who.id, who.call)
}

/// Whose child an instance is that is started by this call.
pub(crate) fn started_by(record: &Record, child: &Child) -> StartedBy {
    let (saga, id) = (record.saga.clone(), record.id.clone());
    StartedBy { saga, id, started: record.started, call: child.occurrence, detached: child.detached }
}

/// What a child's last record says to the one that waits for it.
pub(crate) fn child_end(record: &Record, parent: &StartedBy) -> ChildEnd {
    let fault = |kind: FaultKind, message: String| {
        let origin = Some(Box::new(Origin::of(&record.saga, &record.id)));
        Reply::Fault(Fault { of: record.saga.clone(), kind, message, origin })
    };
    let (call, failed) = (parent.call, None);
    match (&record.cause, &record.output) {
        (Some(Cause::Fault(known)), _) => ChildEnd { call, reply: Reply::Fault(known.clone()), failed },
        (Some(Cause::Error(error)), Some(output)) => {
            let origin = Origin::of(&record.saga, &record.id);
            let (of, error, cause) = (record.saga.clone(), error.clone(), record.failed.clone());
            let failed = Some(Box::new(FailedCall { of, error, origin, cause: None }.caused_by(cause)));
            ChildEnd { call, reply: Reply::Output(output.clone()), failed }
        }
        (None, Some(output)) => ChildEnd { call, reply: Reply::Output(output.clone()), failed },
        (_, None) => {
            let reply = fault(FaultKind::WorkerLost, "its last record holds no output; please report it".to_owned());
            ChildEnd { call, reply, failed }
        }
    }
}

/// A child is called: it gets its number and, if it has none, its id.
pub(super) fn begin(child: &mut Child, turn: &mut Turn<'_>) {
    child.occurrence = turn.next_call();
    if child.id.is_empty() {
        let (saga, id) = turn.instance();
        child.id = id_of(saga, id, child.occurrence);
    }
}

/// Something has happened to a child that is waited for; how it has ended, if it has. Then it stands in the tree no more.
pub(super) fn poll(
    node: &mut Node,
    undo: &mut Vec<Undo>,
    site: &str,
    turn: &mut Turn<'_>,
) -> Result<Option<Done>, Raised> {
    let Node::Child(child) = node else { return Ok(None) };
    let end = match turn.sent(child.occurrence) {
        Some(Sent { refused: None, .. }) => {
            child.args = None;
            let id = || Value::write(&child.id).map_err(|error| super::Halt::Illegal(error.to_string()));
            if child.detached { Some((Reply::Output(id()?), None)) } else { None }
        }
        Some(Sent { refused: Some(why), .. }) => {
            let origin = Some(Box::new(turn.origin(site, 0)));
            let kind = if child.attached { FaultKind::NotFound } else { FaultKind::NotStarted };
            let (of, message) = (child.saga.clone(), super::short(why));
            Some((Reply::Fault(Fault { of, kind, message, origin }), None))
        }
        None => turn.child_end(child.occurrence).map(|end| (end.reply, end.failed)),
    };
    let Some((reply, failed)) = end else { return Ok(None) };
    let child = Child::clone(child);
    *node = Node::Ended(Box::new(reply.clone()));
    turn.failed = None;
    match reply {
        Reply::Fault(fault) if !child.catch => Err(Raised::Fault(fault)),
        Reply::Fault(fault) => {
            turn.failed = FailedCall::of_fault(&fault);
            Ok(Some(Done { reply: Reply::Fault(fault), failed: true }))
        }
        reply if failed.is_some() => {
            turn.failed = failed;
            Ok(Some(Done { reply, failed: true }))
        }
        reply => {
            undo.extend(undone_by(&child, site, turn));
            Ok(Some(Done { reply, failed: false }))
        }
    }
}

/// Something has happened to children that have been given up: those that are left have not ended yet. One that has returned a value
/// all the same is undone, where the call says by what.
pub(super) fn poll_given_up(children: &mut Vec<Child>, undo: &mut Vec<Undo>, turn: &mut Turn<'_>) {
    children.retain_mut(|child| {
        child.cancelled |= turn.sent(child.occurrence).is_some();
        let Some(end) = turn.child_end(child.occurrence) else { return true };
        if end.failed.is_none() && matches!(end.reply, Reply::Output(_)) {
            undo.extend(undone_by(child, &child.saga, turn));
        }
        false
    });
}

/// Of the children that are given up, those whose ends are to be waited for.
pub(super) fn to_end(mut children: Vec<Child>, undo: &mut Vec<Undo>, turn: &mut Turn<'_>) -> Vec<Child> {
    // What is not known to be started has been in no record; and what was attached to is somebody else's.
    children.retain(|child| child.args.is_none() && !child.detached && !child.attached);
    poll_given_up(&mut children, undo, turn);
    children
}

/// What undoes a child that has returned a value.
fn undone_by(child: &Child, site: &str, turn: &Turn<'_>) -> Option<Undo> {
    let Deferred { step, args } = child.undo.as_deref()?.clone();
    let (site, occurrence, order) = (site.to_owned(), child.occurrence, turn.order());
    Some(Undo { step, args, site, occurrence, before: false, order, begun: 0, deferred: false })
}

/// Calls `visit` with each child that is waited for, or to be started; and with whether it has been given up.
fn each<'r>(record: &'r Record, visit: &mut impl FnMut(&'r Child, bool)) {
    if matches!(record.status, Status::Running | Status::Unwinding)
        && let Some(frame) = &record.frame
    {
        each_in(frame, visit);
    }
}

fn each_in<'r>(frame: &'r Frame, visit: &mut impl FnMut(&'r Child, bool)) {
    frame.pending.iter().for_each(|node| each_of(node, visit));
    frame.running().for_each(|started| each_of(&started.of.node, visit));
}

fn each_of<'r>(node: &'r Node, visit: &mut impl FnMut(&'r Child, bool)) {
    match node {
        Node::Child(child) => visit(child, false),
        Node::Undo(undoing) => undoing.children.iter().for_each(|child| visit(child, true)),
        Node::Timeout(timeout) => each_of(&timeout.of.node, visit),
        Node::Saga(nested) => each_in(&nested.frame, visit),
        Node::Join(Join { of, .. }) | Node::Race(Race { of }) => {
            of.iter().filter(|branch| branch.runs()).for_each(|branch| each_of(&branch.node, visit));
        }
        Node::Step(_)
        | Node::Sleep(_)
        | Node::Signal(_)
        | Node::Ended(_)
        | Node::Scope(_)
        | Node::Answer(_)
        | Node::Handle(_) => {}
    }
}

/// The id of a child that was given none: its parent's name and the number of the call, `order:o-7:3`. The same whenever it is made.
pub(crate) fn id_of(saga: &str, id: &str, call: u64) -> String {
    let whole = format!("{saga}:{id}:{call}");
    if whole.len() <= InstanceId::MAX_LEN {
        return whole;
    }
    let parent = format!("{saga}:{id}");
    // Names are ASCII.
    let begin = &parent[..parent.len().min(64)];
    format!("{begin}~{:032x}:{call}", fnv(parent.as_bytes()))
}

/// FNV-1a with 128 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): the same on all machines, for ever.
pub(super) fn fnv(bytes: &[u8]) -> u128 {
    let (basis, prime) =
        (0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, 0x0000_0000_0100_0000_0000_0000_0000_013b_u128);
    bytes.iter().fold(basis, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(prime))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_valid_and_differ() {
        let long = |end: char| format!("{}{end}", "x".repeat(InstanceId::MAX_LEN - 1));
        let mut ids: Vec<String> =
            [("order", "o-7", 3), ("order", "o-7", 4), ("orders", "o-7", 3), ("order", "o-7:3", 3)]
                .map(|(saga, id, call)| id_of(saga, id, call))
                .to_vec();
        ids.extend(['a', 'b'].map(|end| id_of(&long('s'), &long(end), u64::MAX)));
        for id in &ids {
            InstanceId::new("ship", id.as_str()).unwrap();
        }
        assert_eq!(ids[0], "order:o-7:3");
        let different: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(different.len(), ids.len(), "{ids:?}");
        // A value of its specification.
        assert_eq!(fnv(b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }
}
