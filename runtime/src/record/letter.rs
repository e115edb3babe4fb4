//! Mail as it is stored: what was sent to an instance, and what is said beside it.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Codec, Unreadable, Value, present};

/// The format of letters that this version writes.
const LETTER_FORMAT: u32 = 1;

/// What is sent to an instance:
///
/// ```json
/// { "$mail": 1, "life": 1, "key": "click-1", "value": { "by": "Ada" } }
/// ```
///
/// What does not begin like this is the bare value of a signal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    /// The form of this letter.
    #[serde(rename = "$mail")]
    pub format: u32,
    /// For which [life](super::Record::life) of the instance it is; none: for whichever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<u32>,
    /// What the answer to a request is to be found by; or that a signal was taken, if its sender wants to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What it says.
    pub value: Value,
}

/// Mail that has come with the start of an instance, and was not taken yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Brought {
    /// The queue that it belongs to, before all that is in there.
    pub queue: String,
    /// What the answer to a request is to be found by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What it says.
    pub value: Value,
}

/// An answer to a request, to be told by whoever takes the record up. Also what tells the sender of a signal that it has been taken, if that one
/// wants to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// By what it is found.
    pub key: String,
    /// What it says; none: the request was taken, and will not be answered.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

impl Answer {
    pub(crate) fn encode(&self, codec: &dyn Codec) -> Bytes {
        // A text, and a value that is JSON already.
        codec.encode(serde_json::to_vec(self).expect("an answer is JSON"))
    }

    pub(crate) fn decode(codec: &dyn Codec, stored: &Bytes) -> Result<Self, Unreadable> {
        let json = codec.decode(stored).map_err(Unreadable)?;
        serde_json::from_slice(&json).map_err(|error| Unreadable(error.to_string()))
    }
}

impl Letter {
    pub(crate) fn new(life: u32, key: Option<String>, value: Value) -> Self {
        Self { format: LETTER_FORMAT, life: Some(life), key, value }
    }

    /// For whichever life of the instance.
    pub(crate) fn to_any(value: Value) -> Self {
        Self { format: LETTER_FORMAT, life: None, key: None, value }
    }

    pub(crate) fn encode(&self, codec: &dyn Codec) -> Bytes {
        // Numbers, texts, and a value that is JSON already.
        codec.encode(serde_json::to_vec(self).expect("a letter is JSON"))
    }

    /// What nobody can read becomes a text, which whoever awaits the letter will not take for what it awaits.
    pub(crate) fn decode(codec: &dyn Codec, stored: &Bytes) -> Self {
        let read = || {
            let json = codec.decode(stored).ok()?;
            if json.starts_with(b"{\"$mail\":")
                && let Ok(letter) = serde_json::from_slice::<Self>(&json)
            {
                return Some(letter);
            }
            Value::from_json(String::from_utf8_lossy(&json).into_owned()).ok().map(Self::to_any)
        };
        read().unwrap_or_else(|| Self::to_any(quoted(stored)))
    }
}

fn quoted(stored: &Bytes) -> Value {
    let shown: Cow<'_, str> = String::from_utf8_lossy(stored);
    Value::from_json(serde_json::Value::String(shown.into_owned()).to_string()).expect("a quoted string is JSON")
}
