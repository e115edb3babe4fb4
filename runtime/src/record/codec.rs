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

pub(crate) fn encode(codec: &dyn Codec, record: &Record) -> Result<Bytes, Unserializable> {
    serde_json::to_vec(record).map(|json| codec.encode(json)).map_err(|error| Unserializable(error.to_string()))
}

/// A record is large and is handed from function to function, most of them async: it stays where it was read.
pub(crate) fn decode(codec: &dyn Codec, stored: &Bytes) -> Result<Box<Record>, Unreadable> {
    let json = codec.decode(stored).map_err(Unreadable)?;
    serde_json::from_slice(&json).map_err(|error| Unreadable(error.to_string()))
}
