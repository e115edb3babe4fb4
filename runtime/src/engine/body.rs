//! A saga's own code runs, from where its frame stands to what it awaits next or to its end.

use super::tree;
use super::turn::{Raised, Turn};
use super::{Halt, short, started};
use crate::machine::Advance;
use crate::record::{Child, Fault, FaultKind, Frame, Reply, Value};
use crate::starts::Starts;

/// What a saga has returned.
#[derive(Debug)]
pub(super) struct Returned {
    pub output: Value,
    /// The text of its error.
    pub error: Option<String>,
    /// The children that it has started and not awaited.
    pub children: Vec<Child>,
}

/// The code runs on with a reply (none at its beginning). `site` is what goes before the names of the frame's states.
///
/// If the code panics, or something that it awaits can't even begin, the frame still holds all compensations.
pub(super) fn advance(
    saga: &str,
    frame: &mut Frame,
    mut reply: Option<Reply>,
    site: &str,
    turn: &mut Turn<'_>,
) -> Result<Option<Returned>, Raised> {
    turn.changes.note();
    loop {
        let sets = frame.started.iter().map(|started| started.set).collect();
        let (instance, scheduled) = (turn.instance.clone(), turn.scheduled.clone());
        let starts = Starts { last: turn.steps, sets, instance, scheduled, ..Starts::default() };
        let (advance, mut starts) = turn.definition.advance(saga, frame, reply.take(), starts);
        turn.note_about(std::mem::take(&mut starts.about));
        match advance {
            Advance::Suspended(next) => {
                let (undo, started) = (std::mem::take(&mut frame.undo), std::mem::take(&mut frame.started));
                *frame = Frame { undo, started, ..next };
                turn.steps = starts.last;
                turn.promises.extend(starts.promises);
                started::begin(frame, starts.started, site, turn)?;
                let site = nested_site(site, &frame.state);
                started::enter_scope(frame, turn);
                let Frame { pending: Some(node), undo, .. } = frame else {
                    return Err(Halt::Illegal(format!("`{saga}` waits for nothing; please report it")).into());
                };
                let entered = tree::enter(node, undo, &site, turn);
                started::leave_scope(frame, turn);
                match entered? {
                    None => return Ok(None),
                    // It was over before it had to wait.
                    Some(done) => reply = Some(done.reply),
                }
            }
            Advance::Returned { output, error } => {
                let tree::Left { mut undo, children } = started::give_up(frame);
                // What was done in vain is undone after a success, too.
                undo.iter_mut().for_each(|undo| undo.deferred |= error.is_none());
                frame.undo.append(&mut undo);
                return Ok(Some(Returned { output, error: error.map(short), children }));
            }
            Advance::Unfit(reason) => return Err(Halt::Pause(short(reason)).into()),
            Advance::Panicked(message) => {
                let origin = Some(Box::new(turn.origin(site, 0)));
                let (of, kind, message) = (saga.to_owned(), FaultKind::Panicked, short(message));
                return Err(Raised::Fault(Fault { of, kind, message, origin }));
            }
        }
    }
}

/// The same after something has happened to what the frame waits for.
pub(super) fn poll(saga: &str, frame: &mut Frame, site: &str, turn: &mut Turn<'_>) -> Result<Option<Returned>, Raised> {
    let within = nested_site(site, &frame.state);
    let raised = started::poll(frame, site, turn)?;
    started::enter_scope(frame, turn);
    turn.failed = None;
    let Frame { pending: Some(node), undo, .. } = frame else {
        return Err(Halt::Illegal("there is nothing pending; please report it".to_owned()).into());
    };
    let polled = tree::poll(node, undo, &within, turn);
    started::leave_scope(frame, turn);
    match (raised, polled) {
        (_, Err(raised @ Raised::Halt(_))) | (Some(raised), _) | (None, Err(raised)) => Err(raised),
        (None, Ok(None)) => Ok(None),
        (None, Ok(Some(done))) => advance(saga, frame, Some(done.reply), site, turn),
    }
}

/// Where a call is made: the state, after the sites of the sagas that it is nested in.
pub(super) fn nested_site(site: &str, state: &str) -> String {
    if site.is_empty() { state.to_owned() } else { format!("{site}/{state}") }
}
