//! The feed: the records with which instances move, for whoever keeps a picture of them elsewhere.

use std::fmt::Debug;

use futures::future::BoxFuture;

use super::{InstanceId, Stored};
use crate::Error;

/// The records of all instances, in the order in which they were appended; see
/// [`Transport::feed`](super::Transport::feed).
pub trait Feed: Debug + Send {
    /// The next page; waits until there is a record. `None`: the transport was closed. Safe to cancel.
    ///
    /// After an `Err` it may be asked again: the feed goes on where it was.
    fn next(&mut self) -> BoxFuture<'_, Option<Result<FeedPage, Error>>>;
}

/// Some records, and up to where they reach.
#[derive(Debug, Clone)]
pub struct FeedPage {
    /// The records, those of one instance in the order of their revisions. One that was superseded before the feed came to it
    /// may be missing; the last one of an instance never is.
    pub records: Vec<(InstanceId, Stored)>,
    /// A feed that begins after this goes on behind these records. It may show some of them again.
    pub position: String,
}

/// Some of the last records that there are; see [`Transport::records`](super::Transport::records).
#[derive(Debug, Clone)]
pub struct RecordPage {
    /// The records. There may be none, and yet more pages.
    pub records: Vec<(InstanceId, Stored)>,
    /// Where the next page begins; `None`: this was the last. It is good for as long as the transport is open.
    pub next: Option<String>,
}
