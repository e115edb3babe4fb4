//! The paused record: wraps the record that was there, untouched, so that nothing is lost.
//!
//! What stands in `original`: a record that is JSON stands there as it is; anything else as a string, `text:` and the
//! text, or `hex:` and the bytes in hexadecimal if they are no UTF-8. (A JSON string counts as text, so that
//! every string in `original` has one of the two marks.)

use std::fmt::Write as _;

use jiff::Timestamp;

use super::short;
use crate::record::{
    Branch, Codec, Deferred, FORMAT, Frame, Node, Record, Reply, Scoping, Status, StepCall, Undo, Value,
};
use crate::transport::InstanceId;

/// The record that pauses an instance.
///
/// `stored` is what the transport holds, `known` what could be read of it.
pub(crate) fn paused(
    instance: &InstanceId,
    codec: &dyn Codec,
    stored: &bytes::Bytes,
    known: Option<&Record>,
    reason: String,
    now: Timestamp,
) -> Record {
    let original = match codec.decode(stored) {
        Ok(json) => original(&json),
        Err(_) => original(stored),
    };
    Record {
        format: FORMAT,
        saga: instance.saga().to_owned(),
        id: instance.id().to_owned(),
        status: Status::Paused,
        started: known.map_or(now, |record| record.started),
        updated: now,
        deadline: None,
        steps: known.map_or(0, |record| record.steps),
        attempts: known.map_or(0, |record| record.attempts),
        frame: None,
        cause: None,
        failed: None,
        output: None,
        undone: known.map_or(0, |record| record.undone),
        reason: Some(short(reason)),
        original: Some(original),
        handed_back: None,
        held: None,
        trace: known.and_then(|record| record.trace.clone()),
        taken: known.map(|record| record.taken.clone()).unwrap_or_default(),
        parent: known.and_then(|record| record.parent.clone()),
        attached: known.map(|record| record.attached.clone()).unwrap_or_default(),
        begins: None,
        line: None,
        scheduled: known.and_then(|record| record.scheduled.clone()),
        progress: known.and_then(|record| record.progress.clone()),
        attributes: known.map(|record| record.attributes.clone()).unwrap_or_default(),
        life: known.map_or_else(crate::record::first, |record| record.life),
        begun_with: known.and_then(|record| record.begun_with.clone()),
        ended_with: known.map(|record| record.ended_with.clone()).unwrap_or_default(),
        brought: Vec::new(),
        asked: known.map(|record| record.asked.clone()).unwrap_or_default(),
        answers: known.map(|record| record.answers.clone()).unwrap_or_default(),
        emitted: known.map_or(0, |record| record.emitted),
        events: known.map(|record| record.events.clone()).unwrap_or_default(),
        history: known.and_then(|record| record.history),
        promises: known.map(|record| record.promises.clone()).unwrap_or_default(),
    }
}

/// Why a record of `size` bytes is not appended, with the part that is to blame.
pub(crate) fn about_size(record: &Record, size: usize, limit: usize) -> String {
    let (part, bytes) = largest(record);
    format!(
        "the next record would have {size} bytes, and {limit} is the most; its largest part is {part} with {bytes} bytes"
    )
}

fn largest(record: &Record) -> (String, usize) {
    let mut parts = Vec::new();
    if let Some(frame) = &record.frame {
        add_frame(frame, "", &mut parts);
    }
    parts.extend(record.output.as_ref().map(|output| ("the saga's output".to_owned(), output.as_json().len())));
    parts.into_iter().max_by_key(|(_, bytes)| *bytes).unwrap_or_default()
}

/// The parts of a frame and their sizes; `of` says whose it is.
fn add_frame(frame: &Frame, of: &str, parts: &mut Vec<(String, usize)>) {
    let vars = frame.vars.iter();
    parts.extend(vars.map(|(name, value)| (format!("the variable `{name}`{of}"), value.as_json().len())));
    add_undo(&frame.undo, of, parts);
    if let Some(node) = &frame.pending {
        add_node(node, of, parts);
    }
    frame.started.iter().for_each(|started| add_branch(&started.of, of, parts));
}

fn add_node(node: &Node, of: &str, parts: &mut Vec<(String, usize)>) {
    match node {
        Node::Step(call) => add_call(call, parts),
        Node::Sleep(_) | Node::Signal(_) | Node::Scope(Scoping::Commit) | Node::Handle(_) => {}
        Node::Scope(Scoping::Defer(Deferred { step, args })) => {
            parts.push((format!("the arguments of the deferred step `{step}`"), args.as_json().len()));
        }
        Node::Child(child) => {
            let bytes = child.args.iter().flat_map(|args| args.iter()).map(|(_, value)| value.as_json().len()).sum();
            parts.push((format!("the arguments of the child `{}`", child.saga), bytes));
        }
        Node::Answer(answer) => parts.push((
            "the answer to a request".to_owned(),
            answer.value.as_ref().map_or(0, |value| value.as_json().len()),
        )),
        Node::Saga(nested) => add_frame(&nested.frame, &format!(" of the nested saga `{}`", nested.saga), parts),
        Node::Timeout(timeout) => add_branch(&timeout.of, of, parts),
        Node::Join(join) => add_branches(&join.of, "join", of, parts),
        Node::Race(race) => add_branches(&race.of, "race", of, parts),
        Node::Ended(reply) => parts.push((format!("a result that waits for others{of}"), reply_size(reply))),
        Node::Undo(undoing) => {
            add_undo(&undoing.undo, of, parts);
            undoing.call.iter().for_each(|call| add_call(call, parts));
        }
    }
}

fn add_branch(branch: &Branch, of: &str, parts: &mut Vec<(String, usize)>) {
    add_undo(&branch.undo, of, parts);
    add_node(&branch.node, of, parts);
}

/// One branch, if it is most of them all, or else all of them together: their number is to blame then.
fn add_branches(branches: &[Branch], what: &str, of: &str, parts: &mut Vec<(String, usize)>) {
    let mut within = Vec::new();
    branches.iter().for_each(|branch| add_branch(branch, of, &mut within));
    let results = branches.iter().map(|branch| match &branch.node {
        Node::Ended(reply) => reply_size(reply),
        _ => 0,
    });
    let (results, bytes): (usize, usize) = (results.sum(), within.iter().map(|(_, bytes)| bytes).sum());
    if within.iter().any(|(_, part)| *part > bytes / 2) {
        return parts.extend(within);
    }
    let number = branches.len();
    parts.push((format!("the results of a {what} of {number} branches{of}"), results));
    parts.push((format!("what a {what} of {number} branches waits for{of}"), bytes - results));
}

fn reply_size(reply: &Reply) -> usize {
    match reply {
        Reply::Output(output) | Reply::Asked(_, output) => output.as_json().len(),
        Reply::InTime(reply) | Reply::One(_, reply) => reply_size(reply),
        Reply::All(replies) => replies.iter().map(reply_size).sum(),
        Reply::Fault(_) | Reply::Elapsed | Reply::TimedOut | Reply::Done => 0,
    }
}

fn add_call(call: &StepCall, parts: &mut Vec<(String, usize)>) {
    parts.push((format!("the arguments of step `{}`", call.step), call.args.as_json().len()));
}

fn add_undo(undo: &[Undo], of: &str, parts: &mut Vec<(String, usize)>) {
    let bytes = undo.iter().map(|undo| undo.args.as_json().len() + undo.step.len() + undo.site.len()).sum();
    parts.push((format!("the list of {} compensations{of}", undo.len()), bytes));
}

fn original(stored: &[u8]) -> Value {
    let text = match std::str::from_utf8(stored) {
        Ok(text) => {
            if !text.trim_start().starts_with('"')
                && let Ok(value) = Value::from_json(text.to_owned())
            {
                return value;
            }
            format!("text:{text}")
        }
        Err(_) => stored.iter().fold("hex:".to_owned(), |mut text, byte| {
            // Writing to a string can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        }),
    };
    // A string is always JSON, once quoted.
    Value::from_json(serde_json::Value::String(text).to_string()).expect("a quoted string is JSON")
}
