//! A run as a story: what happened, in the saga's own names.

use std::fmt::Write as _;
use std::time::Duration;

use super::journal::{Attempted, Ending, Entry};
use super::run::Facts;
use super::troupe::End;
use super::words::{duration, short};
use crate::record::Status;
use crate::transport::Log;

/// What happened, a line for each event.
pub(super) fn tell(facts: &Facts) -> String {
    let many = facts.instances.len() + facts.others.len() > 1;
    let mut lines: Vec<(Duration, String)> = Vec::new();
    for (at, entry) in &facts.pages.entries {
        if let Some(text) = line(facts, entry, many) {
            lines.push((*at, text));
        }
    }
    lines.extend(left(facts).into_iter().map(|text| (facts.took, text)));
    let widest = lines.iter().map(|(at, _)| duration(*at).len()).max().unwrap_or(0);
    let mut story = String::new();
    for (at, text) in lines {
        // Writing to a string can't fail.
        let _ = writeln!(story, "  {:<widest$}  {text}", duration(at));
    }
    story
}

fn line(facts: &Facts, entry: &Entry, many: bool) -> Option<String> {
    let of = |instance: &crate::transport::InstanceId| if many { format!("{instance}: ") } else { String::new() };
    Some(match entry {
        Entry::Started(instance) => format!("{instance} is started"),
        Entry::Delivered { .. } | Entry::Noted { .. } => return None,
        // What sagaflow itself sends is no part of the story.
        Entry::Posted { name, .. } if name.starts_with('$') => return None,
        Entry::Posted { instance, name, .. } => format!("`{name}` is sent to {instance}"),
        Entry::Logged { instance, log: Log::Events, .. } => format!("{}an event is emitted", of(instance)),
        Entry::Logged { .. } => return None,
        Entry::Ended(index) => {
            let made = &facts.pages.attempts[*index];
            format!("{}{}", of(&made.instance), attempt(made))
        }
        Entry::Stored { instance, now, note, .. } if now.status.is_at_rest() => {
            let note = note.as_ref().map(|note| format!("{note}; ")).unwrap_or_default();
            format!("{}{note}{}", of(instance), ended(now.status, now.reason.as_deref(), now.output.as_ref()))
        }
        Entry::Stored { instance, note, .. } => format!("{}{}", of(instance), note.as_ref()?),
        Entry::Refused { number, worker, instance } => {
            format!("{}what worker {worker} has come to (record {number}) comes too late, and is dropped", of(instance))
        }
        Entry::Crashed { worker, at } => format!("worker {worker} dies: {at}"),
        Entry::Replaced { worker } => format!("worker {worker} takes its place"),
        Entry::Fault(what) => what.clone(),
    })
}

/// One attempt: `charge({"cents":7}) → Ok`.
pub(super) fn attempt(made: &Attempted) -> String {
    let number = if made.attempt > 1 { format!(", attempt {}", made.attempt) } else { String::new() };
    let again = if made.again { ", made again with the same key" } else { "" };
    let instead = made.instead.map(|what| format!(", {what}")).unwrap_or_default();
    let ending = match &made.ending {
        Ending::Open => "never ends".to_owned(),
        Ending::Dropped => "is dropped where it stands".to_owned(),
        Ending::Output { error: Some(error), .. } => format!("fails: {error}"),
        Ending::Output { output, error: None } => format!("→ {}", short(value(output.as_json()))),
        Ending::Panicked(text) => format!("panics: {text}"),
        Ending::Unsavable(text) => format!("can't be saved: {text}"),
    };
    let took = made.ended.map_or(Duration::ZERO, |ended| ended.saturating_sub(made.began));
    let took = if took >= Duration::from_millis(1) { format!(", after {}", duration(took)) } else { String::new() };
    let arguments = short(made.args.as_json());
    format!("{}({arguments}) {ending}{took} ({}{number}{again}{instead})", made.step, made.call)
}

/// The value of `Ok`, without its wrapping.
fn value(json: &str) -> &str {
    json.strip_prefix(r#"{"Ok":"#).and_then(|rest| rest.strip_suffix('}')).unwrap_or(json)
}

/// How an instance came to rest.
pub(super) fn ended(status: Status, reason: Option<&str>, output: Option<&crate::record::Value>) -> String {
    let reason = reason.unwrap_or("no reason is known");
    match status {
        Status::Completed => {
            format!("completed: {}", short(value(output.map_or("nothing", |output| output.as_json()))))
        }
        Status::Compensated => format!("failed, and undone: {reason}"),
        Status::Failed => format!("failed, with nothing to undo: {reason}"),
        Status::Terminated => "terminated, with nothing undone".to_owned(),
        Status::Stuck => format!("stuck: {reason}"),
        Status::Paused => format!("paused: {reason}"),
        Status::Running | Status::Unwinding => format!("{status:?}"),
    }
}

/// What has not come to its end.
pub(super) fn left(facts: &Facts) -> Vec<String> {
    let mut left = Vec::new();
    if let End::Trouble(why) = &facts.end {
        left.push(why.clone());
    }
    if facts.end != End::Rest {
        for (instance, standing) in facts.waiting() {
            let open = facts
                .pages
                .attempts
                .iter()
                .find(|made| made.instance == *instance && matches!(made.ending, Ending::Open));
            left.push(match open {
                Some(made) => format!(
                    "{instance} waits for ever: attempt {} of `{}` ({}) never ends, and has no timeout",
                    made.attempt, made.step, made.call
                ),
                None => format!("{instance} waits for ever: for {}", standing.waits),
            });
        }
    }
    left
}
