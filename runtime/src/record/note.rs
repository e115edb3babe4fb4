//! Notes: what a worker has got done since it appended a record that it holds. They are small, where a record with many branches is
//! not: with them, what is written for a thousand branches grows with their number, and not with its square.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Branch, Codec, Unreadable, Unserializable, Value, time};

/// One note. The notes of a record are numbered from 0, and hold in this order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Note {
    /// The record's holder has got on.
    Progress(Box<Progress>),
    /// The step of a call has saved this.
    #[serde(rename = "saved")]
    Save {
        /// The call.
        occurrence: u64,
        /// What it has saved.
        saved: Value,
    },
    /// Somebody else takes the record over: what its holder would note after this does not count.
    Closed,
}

/// How far the holder of a record has got.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Progress {
    /// When.
    #[serde(with = "time")]
    pub updated: Timestamp,
    /// Until then the record is held from here on.
    #[serde(with = "time")]
    pub until: Timestamp,
    /// The record's counters: step calls …
    pub steps: u64,
    /// … attempts …
    pub attempts: u64,
    /// … and compensations.
    pub undone: u64,
    /// The branches of the tree that have changed. None of them is in another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<Changed>,
    /// The calls that are run besides those that were before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<u64>,
}

/// A branch that has changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Changed {
    /// The way to it: its place in the list of a join or race (or, with the highest bit set, of what a frame has started), after those of
    /// the branches that it is in.
    pub at: Vec<u32>,
    /// How it stands now.
    pub now: Branch,
}

pub(crate) fn encode_note(codec: &dyn Codec, note: &Note) -> Result<Bytes, Unserializable> {
    serde_json::to_vec(note).map(|json| codec.encode(json)).map_err(|error| Unserializable(error.to_string()))
}

pub(crate) fn decode_note(codec: &dyn Codec, stored: &Bytes) -> Result<Note, Unreadable> {
    let json = codec.decode(stored).map_err(Unreadable)?;
    serde_json::from_slice(&json).map_err(|error| Unreadable(error.to_string()))
}
