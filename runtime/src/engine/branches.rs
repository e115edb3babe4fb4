//! Several branches, side by side: joins, which wait for all of them, and races, which wait for the first.
//!
//! An event goes to all branches before anything is concluded from it. So of those that end at the same time the first listed counts,
//! and what one that lost has done at the last moment is known, and undone with the rest.

use super::tree::{self, Done, Left};
use super::turn::{Raised, Turn, in_order};
use crate::record::{Branch, Join, Node, Race, Reply, Undo};

/// A join or a race has come to its end.
#[derive(Debug)]
pub(super) struct Over {
    /// How.
    pub done: Done,
    /// The compensations that it leaves to whoever has awaited it.
    pub kept: Vec<Undo>,
    /// What has to come to its end, or to be undone, before that.
    pub left: Left,
}

/// Begins with as many branches as may run.
pub(super) fn enter_join(join: &mut Join, site: &str, turn: &mut Turn<'_>) -> Result<Option<Over>, Raised> {
    let failed = begin_waiting(join, site, turn)?;
    Ok(join_over(join, failed))
}

/// Something has happened.
pub(super) fn poll_join(join: &mut Join, site: &str, turn: &mut Turn<'_>) -> Result<Option<Over>, Raised> {
    let fails_fast = join.fails_fast;
    let failed = match poll_all(&mut join.of, site, turn, |done| fails_fast && done.failed)? {
        None => begin_waiting(join, site, turn)?,
        failed => failed,
    };
    Ok(join_over(join, failed))
}

/// Begins with all branches, unless one of them has won before the next has begun.
pub(super) fn enter_race(race: &mut Race, site: &str, turn: &mut Turn<'_>) -> Result<Option<Over>, Raised> {
    for place in 0..race.of.len() {
        if enter(&mut race.of[place], place, site, turn)?.is_some() {
            return Ok(Some(race_over(race, place)));
        }
    }
    Ok(None)
}

/// Something has happened.
pub(super) fn poll_race(race: &mut Race, site: &str, turn: &mut Turn<'_>) -> Result<Option<Over>, Raised> {
    let won = poll_all(&mut race.of, site, turn, |_| true)?;
    Ok(won.map(|place| race_over(race, place)))
}

/// Gives up all of them.
pub(super) fn give_up(branches: &mut [Branch]) -> Left {
    branches.iter_mut().map(tree::give_up).collect()
}

impl Branch {
    /// Whether it has begun, and not ended.
    pub(crate) fn runs(&self) -> bool {
        !self.waiting && !matches!(self.node, Node::Ended(_))
    }
}

/// The event goes to all branches that run. The first listed of those that have ended by it so that it `counts`.
fn poll_all(
    branches: &mut [Branch],
    site: &str,
    turn: &mut Turn<'_>,
    counts: impl Fn(&Done) -> bool,
) -> Result<Option<usize>, Raised> {
    let (mut first, mut raised) = (None, None);
    let closed = turn.inbox.closed;
    // The failed call of the branch that counts, or else of the last one that has failed.
    let (mut cause, mut last_cause) = (None, None);
    for (place, branch) in branches.iter_mut().enumerate().filter(|(_, branch)| branch.runs()) {
        let before = turn.changes.enter(place);
        turn.failed = None;
        let polled = tree::poll(&mut branch.node, &mut branch.undo, site, turn);
        match polled {
            Ok(None) => {}
            Ok(Some(done)) => {
                if counts(&done) && first.is_none() {
                    first = Some(place);
                    // What is decided takes no more signals.
                    turn.inbox.closed = true;
                    cause = turn.failed.take();
                }
                last_cause = turn.failed.take().or(last_cause);
                branch.node = Node::Ended(Box::new(done.reply));
            }
            Err(halt @ Raised::Halt(_)) => return Err(halt),
            Err(other) => {
                raised.get_or_insert(other);
            }
        }
        turn.changes.leave(&before);
    }
    turn.inbox.closed = closed;
    turn.failed = if first.is_some() { cause } else { last_cause };
    raised.map_or(Ok(first), Err)
}

/// Begins with those that wait, as far as the limit lets it. The one that has failed at once, if that ends the join.
fn begin_waiting(join: &mut Join, site: &str, turn: &mut Turn<'_>) -> Result<Option<usize>, Raised> {
    let limit = join.limit.map_or(usize::MAX, |limit| limit.get() as usize);
    let mut running = join.of.iter().filter(|branch| branch.runs()).count();
    for place in 0..join.of.len() {
        let branch = &mut join.of[place];
        if !branch.waiting {
            continue;
        }
        if running >= limit {
            break;
        }
        match enter(branch, place, site, turn)? {
            None => running += 1,
            Some(failed) if failed && join.fails_fast => return Ok(Some(place)),
            Some(_) => {}
        }
    }
    Ok(None)
}

/// Begins with one. Whether it has failed, if it has ended at once.
fn enter(branch: &mut Branch, place: usize, site: &str, turn: &mut Turn<'_>) -> Result<Option<bool>, Raised> {
    let before = turn.changes.enter(place);
    turn.changes.note();
    branch.waiting = false;
    let entered = tree::enter(&mut branch.node, &mut branch.undo, site, turn);
    turn.changes.leave(&before);
    Ok(entered?.map(|Done { reply, failed }| {
        branch.node = Node::Ended(Box::new(reply));
        failed
    }))
}

/// The join's end, if it has come: with `failed`, by the error of that branch. Then all that was done in it is undone, as in a saga that
/// fails: nobody is left who has the other results.
fn join_over(join: &mut Join, failed: Option<usize>) -> Option<Over> {
    if let Some(place) = failed {
        let reply = one(&mut join.of, place);
        return Some(Over { done: Done { reply, failed: true }, kept: Vec::new(), left: give_up(&mut join.of) });
    }
    if !join.of.iter().all(|branch| matches!(branch.node, Node::Ended(_))) {
        return None;
    }
    let kept = join.of.iter_mut().flat_map(|branch| std::mem::take(&mut branch.undo)).collect();
    let replies = join.of.iter_mut().filter_map(take_reply).collect();
    Some(Over { done: Done { reply: Reply::All(replies), failed: false }, kept: in_order(kept), left: Left::default() })
}

/// The race's end: the others are given up.
fn race_over(race: &mut Race, won: usize) -> Over {
    let kept = std::mem::take(&mut race.of[won].undo);
    let reply = one(&mut race.of, won);
    Over { done: Done { reply, failed: false }, kept, left: give_up(&mut race.of) }
}

fn one(branches: &mut [Branch], place: usize) -> Reply {
    let reply = take_reply(&mut branches[place]).unwrap_or(Reply::Elapsed);
    Reply::One(u32::try_from(place).unwrap_or(u32::MAX), Box::new(reply))
}

/// Takes the reply of a branch that has ended.
fn take_reply(branch: &mut Branch) -> Option<Reply> {
    match &mut branch.node {
        Node::Ended(reply) => Some(std::mem::replace(&mut **reply, Reply::Elapsed)),
        _ => None,
    }
}
