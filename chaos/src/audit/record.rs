//! A record, as far as the audit reads it: plain JSON, by the field names that docs give.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// One record.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Record {
    pub(crate) saga: String,
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) steps: u64,
    pub(crate) attempts: u64,
    #[serde(default)]
    pub(crate) undone: u64,
    pub(crate) frame: Option<Frame>,
    pub(crate) output: Option<Value>,
    pub(crate) cause: Option<Value>,
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Frame {
    pub(crate) pending: Option<Pending>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Pending {
    pub(crate) step: StepCall,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct StepCall {
    pub(crate) step: String,
    pub(crate) args: Value,
    pub(crate) site: String,
    pub(crate) occurrence: u64,
    pub(crate) attempt: u32,
    #[serde(default)]
    pub(crate) lost: u32,
    pub(crate) not_before: Option<Timestamp>,
}

impl Record {
    /// Reads one; what can't be read becomes a record in a status that no record has.
    pub(crate) fn read(raw: &RawValue) -> Self {
        serde_json::from_str(raw.get()).unwrap_or_else(|error| Self {
            saga: String::new(),
            id: String::new(),
            status: "unreadable".to_owned(),
            steps: 0,
            attempts: 0,
            undone: 0,
            frame: None,
            output: None,
            cause: None,
            reason: Some(error.to_string()),
        })
    }

    /// The call that it waits for.
    pub(crate) fn call(&self) -> Option<&StepCall> {
        Some(&self.frame.as_ref()?.pending.as_ref()?.step)
    }

    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "compensated" | "failed")
    }
}
