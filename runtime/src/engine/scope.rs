//! What belongs to the scope of the saga that is running, and ends at once: deferred steps, and the point of no return.

use super::turn::Turn;
use crate::record::{Deferred, Scoping, Undo};

/// Does it, with the compensations of the saga (or of the branch) that awaits it.
pub(super) fn enter(scoping: &Scoping, undo: &mut Vec<Undo>, site: &str, turn: &mut Turn<'_>) {
    match scoping {
        Scoping::Defer(Deferred { step, args }) => {
            let occurrence = turn.next_call();
            undo.push(Undo {
                step: step.clone(),
                args: args.clone(),
                site: format!("{site}:{step}"),
                occurrence,
                // Its key is known from here on.
                before: true,
                order: turn.order(),
                begun: 0,
                deferred: true,
            });
        }
        Scoping::Commit => undo.retain(|undo| undo.deferred),
    }
}

/// The deferred steps of a scope that has returned a value are to be run; its compensations are its caller's.
pub(super) fn leave(mut own: Vec<Undo>, caller: &mut Vec<Undo>) -> Vec<Undo> {
    let deferred = own.extract_if(.., |undo| undo.deferred).collect();
    caller.append(&mut own);
    deferred
}
