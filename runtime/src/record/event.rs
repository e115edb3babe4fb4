//! What a saga emits: in its record until it is told, and as it stands in the log.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Codec, Record, Unreadable, Value, time};

/// The format of events that this version writes.
const EVENT_FORMAT: u32 = 1;

/// Something that a saga has emitted, to be told by whoever takes the record up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Emitted {
    /// The how manieth of its instance it is, from 1.
    pub number: u64,
    /// When it was emitted.
    #[serde(with = "time")]
    pub at: Timestamp,
    /// What it says.
    pub event: Value,
}

/// An event as it is told:
///
/// ```json
/// {
///   "format": 1, "saga": "checkout", "id": "order-42", "number": 2,
///   "at": "2026-11-22T14:03:52Z", "event": { "Paid": { "cents": 1290 } }
/// }
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    /// Its form; one that is greater than [`EVENT_FORMAT`] comes from a newer version, which only adds to this.
    pub(crate) format: u32,
    pub(crate) saga: String,
    pub(crate) id: String,
    pub(crate) number: u64,
    #[serde(with = "time")]
    pub(crate) at: Timestamp,
    pub(crate) event: Value,
}

impl Record {
    /// The events that are to be told, each with its key in the log: that of the same event is always the same, and that of another one, also of an instance
    /// that was started with this id later or before, another.
    pub(crate) fn events_to_tell(&self, codec: &dyn Codec) -> Vec<(String, Bytes)> {
        let told = |emitted: &Emitted| {
            let (saga, id) = (self.saga.clone(), self.id.clone());
            let Emitted { number, at, event } = emitted.clone();
            let key = format!("{}-{number}", self.started.as_microsecond());
            let told = Told { format: EVENT_FORMAT, saga, id, number, at, event };
            // Texts, numbers, times, and a value that is JSON already.
            (key, codec.encode(serde_json::to_vec(&told).expect("an event is JSON")))
        };
        self.events.iter().map(told).collect()
    }
}

pub(crate) fn decode_event(codec: &dyn Codec, stored: &Bytes) -> Result<Told, Unreadable> {
    let json = codec.decode(stored).map_err(Unreadable)?;
    serde_json::from_slice(&json).map_err(|error| Unreadable(error.to_string()))
}
