//! Calls that run beside a saga's code.

use serde::{Deserialize, Serialize};

use super::{Branch, FailedCall, is_zero};

/// A call that was started and that nobody has awaited yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Started {
    /// Its number in the instance, which its handle knows.
    pub ticket: u64,
    /// The number of the set that it belongs to; 0: none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub set: u64,
    /// Set when it has ended with an `Err`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// The failed call that has led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<FailedCall>>,
    /// When it has ended, as a number that grows.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ended: u64,
    /// What it waits for, or how it has ended.
    pub of: Branch,
}

/// What was started before and is awaited now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandleOf {
    /// The call with this ticket.
    #[serde(rename = "call")]
    Ticket(u64),
    /// The next call of the set with this number that comes to its end.
    Set(u64),
}
