//! Records in words: how an instance stands, and what it waits for.

use bytes::Bytes;
use jiff::Timestamp;

use super::journal::Standing;
use crate::engine;
use crate::record::{self, Cause, Frame, Json, Record, Status, StepCall};

/// How an instance stands by its record.
pub(super) fn standing(payload: &Bytes) -> Standing {
    match record::decode(&Json, payload) {
        Ok(record) => Standing {
            status: record.status,
            waits: waits(&record),
            reason: record.reason.clone().or_else(|| record.cause.as_ref().map(ToString::to_string)),
            fault: matches!(record.cause, Some(Cause::Fault(_))),
            output: record.output.clone(),
            tells: false,
        },
        Err(error) => Standing {
            status: Status::Paused,
            waits: "a record that can be read".to_owned(),
            reason: Some(error.to_string()),
            fault: false,
            output: None,
            tells: false,
        },
    }
}

/// What an instance waits for.
fn waits(record: &Record) -> String {
    let Some(frame) = &record.frame else { return "nothing".to_owned() };
    let mut calls = Vec::new();
    frame.calls(&mut |call| calls.push(call));
    let named = |call: &&StepCall| match call.attempt {
        1 => format!("`{}` ({}/{})", call.step, call.site, call.occurrence),
        attempt => format!("attempt {attempt} of `{}` ({}/{})", call.step, call.site, call.occurrence),
    };
    let wakes = engine::wakes(record, record.updated).filter(|time| *time < Timestamp::MAX);
    match (calls.is_empty(), wakes) {
        (false, _) => calls.iter().map(named).collect::<Vec<_>>().join(", "),
        (true, Some(time)) => format!("its time, {time}, in state `{}`", frame.state),
        (true, None) if frame.state.is_empty() => "its beginning".to_owned(),
        (true, None) => match from_others(record) {
            waits if waits.is_empty() => format!("what state `{}` awaits", frame.state),
            waits => format!("{}, in state `{}`", waits.join(" or "), frame.state),
        },
    }
}

/// What it waits for that others send it.
fn from_others(record: &Record) -> Vec<String> {
    let awaits = engine::awaits(record).into_iter().map(|(queue, _)| queue);
    let mail = awaits.filter_map(|queue| match engine::requested(&queue) {
        Some(request) => Some(format!("the request `{request}`")),
        None if engine::is_of_promise(&queue) => Some("a promise that is to be resolved".to_owned()),
        None if queue.starts_with('$') => None,
        None => Some(format!("the signal `{queue}`")),
    });
    let ends = engine::children(record).into_iter().map(|child| format!("the end of {}/{}", child.saga, child.id));
    mail.chain(ends).collect()
}

/// What a record says that no attempt has led to: the worker that was lost, the time that was over.
pub(super) fn note(before: &Bytes, after: &Bytes) -> Option<String> {
    let (before, after) = (record::decode(&Json, before).ok()?, record::decode(&Json, after).ok()?);
    if after.handed_back.is_some() {
        return Some("handed back, since this worker doesn't know what to do with it".to_owned());
    }
    let (old, new) = (before.frame.as_ref()?, after.frame.as_ref());
    let mut lost = None;
    old.calls(&mut |was| {
        if new.is_some_and(|new| is_lost(was, new)) {
            lost = Some(was.step.clone());
        }
    });
    if let Some(step) = lost {
        return Some(format!("`{step}` is taken over: the worker that had it is gone"));
    }
    match new {
        _ if old.pending.is_none() => None,
        Some(new) if new.state == old.state => None,
        _ => Some(format!("the time of state `{}` is over", old.state)),
    }
}

/// Whether a worker was lost with a call.
fn is_lost(was: &StepCall, new: &Frame) -> bool {
    let mut lost = false;
    new.calls(&mut |is| lost |= is.occurrence == was.occurrence && is.lost > was.lost);
    lost
}

/// A duration as people write it: `1m 30s`.
pub(super) fn duration(duration: std::time::Duration) -> String {
    // Below a millisecond it is the time that the test itself has taken.
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    humantime::format_duration(std::time::Duration::from_millis(ms)).to_string()
}

/// A JSON text that is not too long for a line.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain("…".chars()).collect()
}
