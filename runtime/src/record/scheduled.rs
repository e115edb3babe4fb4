//! What a run of a schedule knows of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Value, time};

/// The schedule that has started an instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScheduledRun {
    /// The id of the schedule.
    pub by: String,
    /// The time for which it was started.
    #[serde(with = "time")]
    pub at: Timestamp,
    /// What the last run before it has returned that has succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Value>,
}
