//! Between a record and the notes of it: what has changed becomes a note, and notes become the record that they stand for.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Path;
use super::changes::STARTED;
use super::saved::keep;
use crate::record::{Branch, Changed, Frame, Join, Node, Note, Progress, Race, Record};

/// What has changed in a record since it was stored.
#[derive(Debug, Default)]
pub(crate) enum Changes {
    #[default]
    Nothing,
    /// These branches, and the record's counters.
    Branches(BTreeSet<Path>),
    /// More than that.
    Everything,
}

impl Changes {
    /// After one more event.
    pub(crate) fn add(&mut self, changed: Option<Vec<Path>>) {
        match (changed, &mut *self) {
            (None, _) => *self = Self::Everything,
            (Some(_), Self::Everything) => {}
            (Some(paths), Self::Nothing) => *self = Self::Branches(paths.into_iter().collect()),
            (Some(paths), Self::Branches(known)) => known.extend(paths),
        }
    }

    /// The note that says so of a record as it stands now. `None`: there is no note for this, but a record.
    pub(crate) fn note(&self, record: &Record, until: Timestamp, runs: Vec<u64>) -> Option<Note> {
        let none = BTreeSet::new();
        let paths = match self {
            Self::Nothing => &none,
            Self::Branches(paths) => paths,
            Self::Everything => return None,
        };
        let top = record.frame.as_ref()?;
        let mut branches: Vec<Changed> = Vec::new();
        // In this order a branch comes before those in it, which it brings with it.
        for path in paths {
            if branches.last().is_none_or(|last| !path.starts_with(&last.at)) {
                branches.push(Changed { at: path.clone(), now: branch_of(top, path)?.clone() });
            }
        }
        let Record { updated, steps, attempts, undone, .. } = *record;
        Some(Note::Progress(Box::new(Progress { updated, until, steps, attempts, undone, branches, runs })))
    }
}

/// The record that a record and its notes stand for. Whether the notes are closed.
///
/// # Errors
///
/// When they don't fit the record.
pub(crate) fn fold(record: &mut Record, notes: Vec<Note>) -> Result<bool, String> {
    for note in notes {
        let progress = match note {
            Note::Progress(progress) => *progress,
            Note::Save { occurrence, saved } => {
                if !record.frame.as_mut().is_some_and(|frame| keep(frame, occurrence, &saved)) {
                    return Err(format!("a note is about call {occurrence}, which the record doesn't have"));
                }
                continue;
            }
            Note::Closed => return Ok(true),
        };
        for Changed { at, now } in progress.branches {
            let place = record.frame.as_mut().and_then(|top| branch_of_mut(top, &at));
            *place.ok_or_else(|| format!("a note is about branch {at:?}, which the record doesn't have"))? = now;
        }
        (record.updated, record.steps) = (progress.updated, progress.steps);
        (record.attempts, record.undone) = (progress.attempts, progress.undone);
        if let Some(held) = &mut record.held {
            held.until = progress.until;
            held.runs.extend(progress.runs);
        }
    }
    Ok(false)
}

/// The branch at a place in a frame: of what has been started there, or of what is pending.
pub(super) fn branch_of<'n>(frame: &'n Frame, at: &[u32]) -> Option<&'n Branch> {
    match at.split_first() {
        Some((first, rest)) if first & STARTED != 0 => {
            let found = &frame.started.get((first & !STARTED) as usize)?.of;
            if rest.is_empty() { Some(found) } else { branch(&found.node, rest) }
        }
        _ => branch(frame.pending.as_deref()?, at),
    }
}

fn branch_of_mut<'n>(frame: &'n mut Frame, at: &[u32]) -> Option<&'n mut Branch> {
    match at.split_first() {
        Some((first, rest)) if first & STARTED != 0 => {
            let found = &mut frame.started.get_mut((first & !STARTED) as usize)?.of;
            if rest.is_empty() { Some(found) } else { branch_mut(&mut found.node, rest) }
        }
        _ => branch_mut(frame.pending.as_deref_mut()?, at),
    }
}

fn branch<'n>(node: &'n Node, at: &[u32]) -> Option<&'n Branch> {
    match node {
        Node::Timeout(timeout) => branch(&timeout.of.node, at),
        Node::Saga(nested) => branch_of(&nested.frame, at),
        Node::Join(Join { of, .. }) | Node::Race(Race { of }) => {
            let (first, rest) = at.split_first()?;
            let found = of.get(*first as usize)?;
            if rest.is_empty() { Some(found) } else { branch(&found.node, rest) }
        }
        _ => None,
    }
}

fn branch_mut<'n>(node: &'n mut Node, at: &[u32]) -> Option<&'n mut Branch> {
    match node {
        Node::Timeout(timeout) => branch_mut(&mut timeout.of.node, at),
        Node::Saga(nested) => branch_of_mut(&mut nested.frame, at),
        Node::Join(Join { of, .. }) | Node::Race(Race { of }) => {
            let (first, rest) = at.split_first()?;
            let found = of.get_mut(*first as usize)?;
            if rest.is_empty() { Some(found) } else { branch_mut(&mut found.node, rest) }
        }
        _ => None,
    }
}
