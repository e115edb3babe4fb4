//! Between a record and the bytes that a transport stores.

use std::fmt::Debug;

use bytes::Bytes;

use super::Record;
use super::value::{Unreadable, Unserializable};

/// Turns a record's JSON into the bytes that are stored, and back: the place for encryption or compression.
///
/// All workers and clients of a saga must use the same.
pub trait Codec: Debug + Send + Sync + 'static {
    /// From JSON to what is stored.
    fn encode(&self, json: Vec<u8>) -> Bytes;

    /// From what is stored to JSON.
    ///
    /// # Errors
    ///
    /// A text for the operator when these bytes were not made by [`encode`](Self::encode).
    fn decode(&self, stored: &Bytes) -> Result<Bytes, String>;
}

/// The default: JSON is stored as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

impl Codec for Json {
    fn encode(&self, json: Vec<u8>) -> Bytes {
        json.into()
    }

    fn decode(&self, stored: &Bytes) -> Result<Bytes, String> {
        Ok(stored.clone())
    }
}

/// Most records fit into so many bytes.
const TYPICAL: usize = 512;

pub(crate) fn encode(codec: &dyn Codec, record: &Record) -> Result<Bytes, Unserializable> {
    let mut json = Vec::with_capacity(TYPICAL);
    serde_json::to_writer(&mut json, record).map_err(|error| Unserializable(error.to_string()))?;
    Ok(codec.encode(json))
}

/// A record is large and is handed from function to function, most of them async: it stays where it was read.
pub(crate) fn decode(codec: &dyn Codec, stored: &Bytes) -> Result<Box<Record>, Unreadable> {
    let json = codec.decode(stored).map_err(Unreadable)?;
    // Checked once as a whole, each of its many strings need not be.
    let record = match std::str::from_utf8(&json) {
        Ok(text) => serde_json::from_str(text),
        // It says where.
        Err(_) => serde_json::from_slice(&json),
    };
    record.map_err(|error| Unreadable(error.to_string()))
}
