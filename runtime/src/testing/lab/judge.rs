//! What is wrong with a run: a step that isn't idempotent, something that was left behind, another end than without faults.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::journal::{Attempted, Ending, Entry};
use super::run::Facts;
use super::story;
use super::troupe::End;
use super::words::duration;
use crate::record::Status;

/// What can be compared with the run without faults: what two such runs agree in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparable {
    pub(super) outputs: bool,
    pub(super) worlds: bool,
}

impl Comparable {
    pub(super) fn of(one: &Facts, other: &Facts) -> Self {
        let outputs =
            |facts: &Facts| facts.instances.iter().map(|(_, standing)| output(standing.as_ref())).collect::<Vec<_>>();
        Self { outputs: outputs(one) == outputs(other), worlds: one.after == other.after && one.after.is_some() }
    }
}

fn output(standing: Option<&super::journal::Standing>) -> Option<String> {
    Some(standing?.output.as_ref()?.as_json().to_owned())
}

/// Why a run has not come to rest.
pub(super) fn restless(facts: &Facts) -> Vec<String> {
    if facts.end == End::Rest { Vec::new() } else { story::left(facts) }
}

/// What is wrong with a run without faults: nothing can be said of the others then.
pub(super) fn unsound(facts: &Facts) -> Vec<String> {
    let mut wrong = restless(facts);
    for (instance, standing) in facts.instances.iter().filter_map(|(id, standing)| Some((id, standing.as_ref()?))) {
        let reason = standing.reason.as_deref().unwrap_or("no reason is known");
        match standing.status {
            Status::Stuck | Status::Paused => {
                wrong.push(format!("{instance} is {} even without faults: {reason}", name(standing.status)));
            }
            Status::Compensated | Status::Failed if standing.fault => {
                wrong.push(format!("{instance} fails even without faults: {reason}"));
                wrong.extend(dropped(facts));
            }
            _ => {}
        }
    }
    wrong
}

/// The call whose attempts were all dropped: its timeout is too short.
fn dropped(facts: &Facts) -> Option<String> {
    let all = |call: &Attempted| {
        let attempts = facts.pages.attempts.iter().filter(|made| made.call == call.call && made.step == call.step);
        attempts.collect::<Vec<_>>()
    };
    let is_dropped = |made: &&Attempted| matches!(made.ending, Ending::Dropped) && made.instead.is_none();
    let last = facts.pages.attempts.iter().rev().find(is_dropped)?;
    let attempts = all(last);
    let each = attempts.iter().all(is_dropped);
    let took = duration(last.ended?.saturating_sub(last.began));
    each.then(|| {
        format!(
            "each of the {} attempts of `{}` ({}) was dropped where it stood, after {took}: its timeout is too short for \
             what it does, or it never ends",
            attempts.len(),
            last.step,
            last.call
        )
    })
}

/// Steps that have changed the world again, though they had been done before under the same key.
pub(super) fn not_idempotent(facts: &Facts) -> Vec<String> {
    let attempts = &facts.pages.attempts;
    let mut wrong = BTreeMap::new();
    for (index, made) in attempts.iter().enumerate() {
        let done = |earlier: &&Attempted| {
            (&earlier.call, earlier.step, &earlier.instance) == (&made.call, made.step, &made.instance)
                && earlier.before != earlier.after
                && (earlier.ending.is_success() || earlier.instead.is_some())
        };
        if made.alone && made.before != made.after && attempts[..index].iter().any(|earlier| done(&earlier)) {
            wrong.entry(made.step).or_insert_with(|| {
                let changed = difference(made.before.as_deref(), made.after.as_deref());
                format!(
                    "step `{}` isn't idempotent: made again with the key `{}/{}`, it has changed the world once more:\n{changed}\
                     it has to keep its key (`cx.key()`) with what it does, and to look for it first",
                    made.step, made.instance, made.key
                )
            });
        }
    }
    wrong.into_values().collect()
}

/// What is wrong with a run that is to come to the same end as the one without faults.
pub(super) fn not_resumed(facts: &Facts, whole: &Facts, comparable: Comparable) -> Vec<String> {
    let mut wrong = restless(facts);
    wrong.extend(not_idempotent(facts));
    for ((instance, now), (_, then)) in facts.instances.iter().zip(&whole.instances) {
        let (Some(now), Some(then)) = (now, then) else { continue };
        let same = !comparable.outputs || output(Some(now)) == output(Some(then));
        if facts.end == End::Rest && (now.status != then.status || !same) {
            let tell = |standing: &super::journal::Standing| {
                story::ended(standing.status, standing.reason.as_deref(), standing.output.as_ref())
            };
            wrong.push(format!(
                "{instance} ends otherwise than without faults: {}; without faults: {}",
                tell(now),
                tell(then)
            ));
            wrong.extend(too_short(facts));
        }
    }
    if wrong.is_empty() && comparable.worlds && facts.after != whole.after {
        let changed = difference(whole.after.as_deref(), facts.after.as_deref());
        wrong.push(format!("it leaves another world than without faults:\n{changed}"));
    }
    wrong
}

/// A time that was over only because a worker had died.
fn too_short(facts: &Facts) -> Option<String> {
    let over = facts.pages.entries.iter().find_map(|(_, entry)| match entry {
        Entry::Stored { note: Some(note), .. } if note.starts_with("the time of") => Some(note.clone()),
        Entry::Stored { now, .. } if now.fault => now.reason.clone().filter(|reason| reason.contains("deadline")),
        _ => None,
    })?;
    let wait = duration(facts.ack_wait);
    Some(format!(
        "{over}: a worker's death alone takes {wait} (the ack wait), so this time is too short to live through one"
    ))
}

/// What is wrong with a run in which a step has failed for good. `stuck`: it is to get stuck with a compensation.
pub(super) fn not_unwound(facts: &Facts, stuck: bool) -> Vec<String> {
    let mut wrong = restless(facts);
    if facts.end != End::Rest {
        return wrong;
    }
    for (instance, standing) in facts.instances.iter().filter_map(|(id, standing)| Some((id, standing.as_ref()?))) {
        let reason = standing.reason.as_deref().unwrap_or("no reason is known");
        match standing.status {
            Status::Stuck if stuck => {}
            status if stuck => wrong.push(format!(
                "{instance} is {} though a compensation has failed for good: an operator should hear of it",
                name(status)
            )),
            Status::Stuck | Status::Paused => wrong.push(format!("{instance} is {}: {reason}", name(standing.status))),
            _ => {}
        }
    }
    wrong.extend(not_idempotent(facts));
    let all_failed = facts.instances.iter().all(|(_, standing)| {
        standing.as_ref().is_some_and(|standing| matches!(standing.status, Status::Compensated | Status::Failed))
    });
    if wrong.is_empty() && all_failed && facts.before != facts.after {
        wrong = left_behind(facts);
    }
    wrong
}

/// Everything that was done under one key by one step.
struct Work<'f> {
    step: &'static str,
    call: &'f str,
    first: &'f Attempted,
    last: &'f Attempted,
    /// The work that it undoes.
    undoes: Option<usize>,
    undone: bool,
}

/// Who has left something behind, and what.
fn left_behind(facts: &Facts) -> Vec<String> {
    let works = works(&facts.pages.attempts);
    let mut wrong = Vec::new();
    for (index, work) in works.iter().enumerate() {
        let changed = work.first.before != work.last.after;
        if work.undoes.is_some() || work.undone || !changed {
            continue;
        }
        let did = difference(work.first.before.as_deref(), work.last.after.as_deref());
        let undone_by = works.iter().find(|other| other.undoes == Some(index));
        let (step, call) = (work.step, work.call);
        wrong.push(match (undone_by, &work.last.ending) {
            (Some(undo), _) => format!("`{}` has not undone what `{step}` ({call}) did:\n{did}", undo.step),
            (None, ending) if ending.is_success() => format!("nothing undoes what `{step}` ({call}) did:\n{did}"),
            (None, _) => format!(
                "nobody knows whether `{step}` ({call}) has happened, and nothing undoes what it did:\n{did}a compensation by \
                 its arguments, without `output`, would run"
            ),
        });
    }
    if wrong.is_empty() {
        for undo in works.iter().filter(|work| work.undoes.is_some()) {
            let work = undo.undoes.map(|index| &works[index]);
            let Some(work) = work else { continue };
            if !is_undone(work, undo) {
                wrong.push(format!(
                    "`{}` does not undo what `{}` ({}) did. `{}`:\n{}`{}`:\n{}",
                    undo.step,
                    work.step,
                    work.call,
                    work.step,
                    difference(work.first.before.as_deref(), work.last.after.as_deref()),
                    undo.step,
                    difference(undo.first.before.as_deref(), undo.last.after.as_deref()),
                ));
            }
        }
    }
    let left = difference(facts.before.as_deref(), facts.after.as_deref());
    wrong.push(format!("it has failed, and this is left of it:\n{left}"));
    wrong
}

/// The works of a run, in order, each with what it undoes.
fn works(attempts: &[Attempted]) -> Vec<Work<'_>> {
    let mut works: Vec<Work<'_>> = Vec::new();
    for made in attempts {
        let known = works
            .iter()
            .position(|work| (work.call, work.step, &work.first.instance) == (&*made.call, made.step, &made.instance));
        if let Some(index) = known {
            works[index].last = made;
        } else {
            let undoes = undoes(&works, made);
            works.push(Work { step: made.step, call: &made.call, first: made, last: made, undoes, undone: false });
        }
    }
    for index in 0..works.len() {
        if let Some(undone) = works[index].undoes {
            works[undone].undone = works[index].last.before != works[index].last.after
                || works[undone].first.before == works[undone].last.after;
        }
    }
    works
}

/// Which work a call undoes: the one with its key, or the last one of the state before the `:` that nobody has undone.
fn undoes(works: &[Work<'_>], made: &Attempted) -> Option<usize> {
    let same = |work: &Work<'_>| work.first.instance == made.instance;
    let (site, _) = made.call.rsplit_once('/')?;
    let (of, _) = site.rsplit_once(':')?;
    if let Some(index) = works.iter().position(|work| same(work) && work.call == made.key) {
        return Some(index);
    }
    let taken: Vec<_> = works.iter().filter_map(|work| work.undoes).collect();
    works.iter().enumerate().rev().find_map(|(index, work)| {
        let (site, _) = work.call.rsplit_once('/')?;
        // Such a compensation is registered with the success.
        (same(work) && site == of && work.last.ending.is_success() && !taken.contains(&index)).then_some(index)
    })
}

/// Whether the one changes back what the other has changed.
fn is_undone(work: &Work<'_>, undo: &Work<'_>) -> bool {
    let (removed, added) = changes(work.first.before.as_deref(), work.last.after.as_deref());
    let (removed_again, added_again) = changes(undo.first.before.as_deref(), undo.last.after.as_deref());
    removed == added_again && added == removed_again
}

fn name(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Unwinding => "unwinding",
        Status::Stuck => "stuck",
        Status::Paused => "paused",
        Status::Completed => "completed",
        Status::Compensated => "undone",
        Status::Failed => "failed",
        Status::Terminated => "terminated",
    }
}

/// The lines that only the one text has, and those that only the other has.
fn changes<'t>(before: Option<&'t str>, after: Option<&'t str>) -> (Vec<&'t str>, Vec<&'t str>) {
    let lines = |text: Option<&'t str>| text.map(|text| text.lines().collect::<Vec<_>>()).unwrap_or_default();
    let (before, mut after) = (lines(before), lines(after));
    let mut removed = Vec::new();
    for line in before {
        match after.iter().position(|other| *other == line) {
            Some(place) => drop(after.remove(place)),
            None => removed.push(line),
        }
    }
    (removed, after)
}

/// The lines that differ, the old ones first.
pub(super) fn difference(before: Option<&str>, after: Option<&str>) -> String {
    const MOST: usize = 12;
    let (removed, added) = changes(before, after);
    let mut text = String::new();
    for (sign, lines) in [('-', removed), ('+', added)] {
        for line in lines.iter().take(MOST) {
            // Writing to a string can't fail.
            let _ = writeln!(text, "    {sign} {line}");
        }
        if lines.len() > MOST {
            let _ = writeln!(text, "    {sign} … {} lines more", lines.len() - MOST);
        }
    }
    text
}
