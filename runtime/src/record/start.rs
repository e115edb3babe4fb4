//! What a client that isn't trusted hands in to start an instance. Whose start it is stands in the entry's subject, where
//! the server can check it.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::value::{Unreadable, Unserializable};
use super::{Codec, ScheduledRun, TraceContext, Value, Vars, first, is_first, time};

/// The format of starts that this version writes.
pub const START_FORMAT: u32 = 1;

/// A start that waits to be admitted:
///
/// ```json
/// { "format": 1, "arguments": { "user": 7, "total": 1290 } }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Start {
    /// The form of this start; one that is greater than [`START_FORMAT`] comes from a newer version.
    pub format: u32,
    /// The version of the saga that they are for.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub version: u32,
    /// The saga's arguments. Always there: what has none is no start.
    pub arguments: Vars,
    /// The trace that the instance belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceContext>,
    /// It is not to be taken up before this time.
    #[serde(default, with = "time::option", skip_serializing_if = "Option::is_none")]
    pub begins: Option<Timestamp>,
    /// The schedule that starts it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<Box<ScheduledRun>>,
    /// What is attached to the instance, to find it by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Value>,
}

pub(crate) fn encode_start(codec: &dyn Codec, start: &Start) -> Result<Bytes, Unserializable> {
    serde_json::to_vec(start).map(|json| codec.encode(json)).map_err(|error| Unserializable(error.to_string()))
}

/// Reads a start. One of a newer format is read as far as its number.
pub(crate) fn decode_start(codec: &dyn Codec, stored: &Bytes) -> Result<Start, Unreadable> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let json = codec.decode(stored).map_err(Unreadable)?;
    let unreadable = |error: serde_json::Error| Unreadable(error.to_string());
    let Head { format } = serde_json::from_slice(&json).map_err(unreadable)?;
    if format > START_FORMAT {
        let (begins, attributes) = (None, BTreeMap::new());
        return Ok(Start {
            format,
            version: first(),
            arguments: Vars::default(),
            trace: None,
            begins,
            scheduled: None,
            attributes,
        });
    }
    let start: Start = serde_json::from_slice(&json).map_err(unreadable)?;
    // It comes from somebody who isn't trusted, and goes into spans: what is no trace is left out.
    let trace = start.trace.and_then(|trace| TraceContext::new(trace.traceparent(), trace.tracestate()));
    Ok(Start { trace, ..start })
}
