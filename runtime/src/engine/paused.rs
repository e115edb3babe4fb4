//! The paused record: wraps the record that was there, untouched, so that nothing is lost.
//!
//! What stands in `original`: a record that is JSON stands there as it is; anything else as a string, `text:` and the
//! text, or `hex:` and the bytes in hexadecimal if they are no UTF-8. (A JSON string counts as text, so that
//! every string in `original` has one of the two marks.)

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::short;
use crate::record::{Codec, FORMAT, Record, Status, Value};
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
        steps: known.map_or(0, |record| record.steps),
        attempts: known.map_or(0, |record| record.attempts),
        frame: None,
        cause: None,
        output: None,
        undone: known.map_or(0, |record| record.undone),
        reason: Some(short(reason)),
        original: Some(original),
        handed_back: None,
        meta: BTreeMap::new(),
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
    let frame = record.frame.as_ref();
    let vars = frame.into_iter().flat_map(|frame| frame.vars.iter());
    let vars = vars.map(|(name, value)| (format!("the variable `{name}`"), value.as_json().len()));
    let call = frame.and_then(|frame| frame.step());
    let call = call.map(|call| (format!("the arguments of step `{}`", call.step), call.args.as_json().len()));
    let undo = frame.map(|frame| {
        let bytes = frame.undo.iter().map(|undo| undo.args.as_json().len() + undo.step.len() + undo.site.len()).sum();
        (format!("the list of {} compensations", frame.undo.len()), bytes)
    });
    let output = record.output.as_ref().map(|output| ("the saga's output".to_owned(), output.as_json().len()));
    vars.chain(call).chain(undo).chain(output).max_by_key(|(_, bytes)| *bytes).unwrap_or_default()
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
