//! What a step has saved while it runs goes into its call in the record, for its next attempt to find.

use crate::record::{Frame, Join, Node, Race, StepCall, Value};

/// Notes what the step of a call has saved. Whether there is such a call.
pub(crate) fn keep(frame: &mut Frame, occurrence: u64, saved: &Value) -> bool {
    let pending = frame.pending.iter_mut().map(|node| &mut **node);
    let mut nodes = pending.chain(frame.started.iter_mut().map(|started| &mut started.of.node));
    nodes.any(|node| keep_in(node, occurrence, saved))
}

fn keep_in(node: &mut Node, occurrence: u64, saved: &Value) -> bool {
    let set = |call: &mut StepCall| {
        let found = call.occurrence == occurrence;
        if found {
            call.saved = Some(saved.clone());
        }
        found
    };
    match node {
        Node::Step(call) => set(call),
        Node::Undo(undoing) => undoing.call.as_mut().is_some_and(set),
        Node::Timeout(timeout) => keep_in(&mut timeout.of.node, occurrence, saved),
        Node::Saga(nested) => keep(&mut nested.frame, occurrence, saved),
        Node::Join(Join { of, .. }) | Node::Race(Race { of }) => {
            of.iter_mut().any(|branch| keep_in(&mut branch.node, occurrence, saved))
        }
        _ => false,
    }
}
