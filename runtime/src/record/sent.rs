//! A signal that is written down first and sent later. Whose signal it is stands beside it.

use serde::{Deserialize, Serialize};

use super::Value;
use super::value::Unreadable;

/// The format of signals that this version writes down.
pub(crate) const SIGNAL_FORMAT: u32 = 1;

/// A signal that waits to be sent:
///
/// ```json
/// { "format": 1, "name": "Approved", "key": "click-1", "value": { "by": "Ada" } }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SentSignal {
    /// The form of this signal; one that is greater than [`SIGNAL_FORMAT`] comes from a newer version.
    pub(crate) format: u32,
    /// The name of its type, and of its queue.
    pub(crate) name: String,
    /// What makes sending it again harmless.
    pub(crate) key: String,
    /// What it says.
    pub(crate) value: Value,
}

/// Reads a signal that was written down. Of one of a newer format only its number is known.
pub(crate) fn decode_signal(json: &str) -> Result<Result<SentSignal, u32>, Unreadable> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let unreadable = |error: serde_json::Error| Unreadable(error.to_string());
    let Head { format } = serde_json::from_str(json).map_err(unreadable)?;
    if format > SIGNAL_FORMAT {
        return Ok(Err(format));
    }
    serde_json::from_str(json).map(Ok).map_err(unreadable)
}
