//! What a schedule is given: what it is to start and when, and what operators want of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CatchUp, Overlap};
use crate::signal;

/// A schedule, as it stands in the arguments of its instance, and in the records after that: what is added needs a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// The crontab expression, or the interval.
    pub(crate) when: String,
    /// The name of the time zone.
    pub(crate) zone: String,
    /// What it is to start.
    pub(crate) what: What,
    #[serde(default)]
    pub(crate) overlap: Overlap,
    #[serde(default)]
    pub(crate) catch_up: CatchUp,
    /// Its times are those after this one.
    pub(crate) from: Timestamp,
}

/// What is to be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct What {
    pub(crate) saga: String,
    /// A start that was written down, as JSON.
    pub(crate) start: String,
    /// Whether what it returns is a `Result`.
    pub(crate) fallible: bool,
}

/// What an operator wants of a schedule.
#[signal(name = "order")]
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Another schedule in its place.
    Set(Box<Spec>),
    /// No runs until it is resumed.
    Pause,
    /// Runs again, at its times after this one.
    Resume(Timestamp),
    /// A run now, under this time.
    Trigger(Timestamp),
    /// The runs of its times after the first and up to the second.
    BackFill(Timestamp, Timestamp),
    /// No more.
    Remove,
}

impl Spec {
    /// Whether it is the same but for the time from which it counts.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        *self == Self { from: self.from, ..other.clone() }
    }
}
