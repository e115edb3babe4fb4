//! Handing back a record that this worker's code can't take up, so that a rolling deploy is no error.
//!
//! The hand-back is a record, too: the same JSON with `handed_back` in it, whatever else the JSON holds (it may be of
//! a newer format). That counts the hand-backs in a place that no server forgets (nats-server#5346), and begins the
//! delivery count anew. **A record that is delivered a second time has therefore lost a worker.**
//!
//! `format`, `status` (of terminal records) and `handed_back` keep their names, places and meanings in all formats.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::record::{HandBack, Unreadable};

/// What can be read of a record of any format.
#[derive(Debug, Deserialize)]
pub(crate) struct Head {
    /// Its format.
    pub format: u32,
    /// Where the instance stands; a newer format may have more words for it.
    #[serde(default)]
    status: String,
    /// How it has been handed back so far.
    #[serde(default)]
    pub handed_back: Option<HandBack>,
    /// The instance that has started it.
    #[serde(default)]
    parent: Option<IgnoredAny>,
    /// Those that have attached to it.
    #[serde(default)]
    attached: Option<IgnoredAny>,
    /// What is to be told to those who have asked, or to whoever reads events.
    #[serde(default)]
    answers: Option<IgnoredAny>,
    #[serde(default)]
    events: Option<IgnoredAny>,
}

impl Head {
    /// Whether somebody may wait for its end, or for what stands in it.
    pub(crate) fn is_waited_for(&self) -> bool {
        [&self.parent, &self.attached, &self.answers, &self.events].iter().any(|who| who.is_some())
    }

    /// Whether the instance has come to its end.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "compensated" | "failed" | "terminated")
    }
}

/// Reads what all formats have.
pub(crate) fn head(json: &[u8]) -> Result<Head, Unreadable> {
    serde_json::from_slice(json).map_err(|error| Unreadable(error.to_string()))
}

/// The same record, handed back once more until a time.
pub(crate) fn handed_back(json: &[u8], until: Timestamp) -> Result<Vec<u8>, Unreadable> {
    let unreadable = |error: serde_json::Error| Unreadable(error.to_string());
    let times = head(json)?.handed_back.map_or(0, |before| before.times).saturating_add(1);
    let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(json).map_err(unreadable)?;
    let note = serde_json::value::to_raw_value(&HandBack { times, until }).map_err(unreadable)?;
    fields.insert("handed_back".to_owned(), note);
    serde_json::to_vec(&fields).map_err(unreadable)
}
