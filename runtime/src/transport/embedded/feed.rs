//! The feed of an embedded transport: records wait in a list of its own from their append until they are taken.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::Notify;

use super::core::Core;
use crate::transport::{Feed, FeedPage, InstanceId, Revision, Stored};
use crate::{Error, ErrorKind};

/// The most records of a page.
const PAGE: usize = 1000;

/// From so many on that wait, those that are superseded make room.
const MANY: usize = 100_000;

/// Appends that are on their way at the same time get their revisions before they count: so far behind its position a feed
/// begins again.
const OVERLAP: u64 = 100_000;

/// What waits for one feed.
#[derive(Default)]
pub(super) struct Waiting {
    list: Mutex<List>,
    filled: Notify,
}

#[derive(Default)]
struct List {
    records: BTreeMap<u64, (InstanceId, Stored)>,
    /// The last revision of each instance among them.
    last: HashMap<InstanceId, u64>,
}

impl Waiting {
    /// A record counts from now on.
    pub(super) fn push(&self, instance: &InstanceId, stored: Stored) {
        let mut list = self.list();
        let revision = stored.revision.0;
        if list.records.len() >= MANY
            && let Some(before) = list.last.get(instance).copied().filter(|before| *before < revision)
        {
            list.records.remove(&before);
        }
        list.last.entry(instance.clone()).and_modify(|last| *last = revision.max(*last)).or_insert(revision);
        list.records.insert(revision, (instance.clone(), stored));
        drop(list);
        self.filled.notify_one();
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes who waits, as the transport was closed.
    pub(super) fn close(&self) {
        self.filled.notify_one();
    }
}

/// The feed itself.
pub(super) struct EmbeddedFeed {
    core: Arc<Core>,
    waiting: Arc<Waiting>,
    /// The greatest revision that was taken.
    position: u64,
}

impl EmbeddedFeed {
    pub(super) fn begin(core: &Arc<Core>, after: Option<&str>) -> Result<Self, Error> {
        let position: u64 = match after {
            None => 0,
            Some(text) => text.parse().map_err(|_| {
                let text =
                    format!("`{text}` is no position in the feed of an embedded transport: begin anew, without one");
                Error::new(ErrorKind::InvalidOptions, text)
            })?,
        };
        let waiting = Arc::new(Waiting::default());
        // From now on nothing is missed; and then what is there.
        core.feed_to(&waiting);
        let from = position.saturating_sub(OVERLAP);
        core.each_record(|instance, stored| {
            if stored.revision > Revision(from) {
                waiting.push(instance, stored);
            }
        });
        Ok(Self { core: Arc::clone(core), waiting, position })
    }

    fn page(&mut self) -> Option<FeedPage> {
        let mut list = self.waiting.list();
        let mut records = Vec::new();
        while records.len() < PAGE
            && let Some((revision, (instance, stored))) = list.records.pop_first()
        {
            if list.last.get(&instance) == Some(&revision) {
                list.last.remove(&instance);
            }
            self.position = self.position.max(revision);
            records.push((instance, stored));
        }
        (!records.is_empty()).then(|| FeedPage { records, position: self.position.to_string() })
    }
}

impl Feed for EmbeddedFeed {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<FeedPage, Error>>> {
        Box::pin(async {
            loop {
                let waiting = Arc::clone(&self.waiting);
                let filled = waiting.filled.notified();
                if self.core.is_closed() {
                    return None;
                }
                if let Some(page) = self.page() {
                    return Some(Ok(page));
                }
                filled.await;
            }
        })
    }
}

impl fmt::Debug for EmbeddedFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedFeed").field("position", &self.position).finish_non_exhaustive()
    }
}
