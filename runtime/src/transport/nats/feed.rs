//! The feed over NATS: the streams of the records are read page by page, and when they are at their end, looked at again
//! a little later. It takes no consumer, and nothing of what workers share.
//!
//! A position is the next sequence of each shard: `0:1204,1:977`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::sleep;

use super::layout::instance_of;
use super::{Carrier, scan};
use crate::transport::{Feed, FeedPage, Revision, Stored};
use crate::{Error, ErrorKind};

/// How long it waits at the end of the streams before it looks again.
const SHORTEST: Duration = Duration::from_millis(25);
const LONGEST: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(super) struct NatsFeed {
    carrier: Arc<Carrier>,
    /// Of each shard the sequence that comes next.
    next: BTreeMap<u16, u64>,
    pause: Duration,
}

impl NatsFeed {
    pub(super) fn begin(carrier: &Arc<Carrier>, after: Option<&str>) -> Result<Self, Error> {
        carrier.check_open()?;
        let mut next: BTreeMap<u16, u64> = (0..carrier.layout.shards()).map(|shard| (shard, 1)).collect();
        for part in after.unwrap_or_default().split(',').filter(|part| !part.is_empty()) {
            let read = part.split_once(':').and_then(|(shard, next)| Some((shard.parse().ok()?, next.parse().ok()?)));
            match read.and_then(|(shard, from): (u16, u64)| Some((next.get_mut(&shard)?, from))) {
                Some((next, from)) => *next = from,
                None => {
                    let text =
                        format!("`{part}` is no position in the feed of {}: begin anew, without one", carrier.name);
                    return Err(Error::new(ErrorKind::InvalidOptions, text));
                }
            }
        }
        Ok(Self { carrier: Arc::clone(carrier), next, pause: SHORTEST })
    }

    fn position(&self) -> String {
        let parts: Vec<_> = self.next.iter().map(|(shard, next)| format!("{shard}:{next}")).collect();
        parts.join(",")
    }

    /// What there is now, of all shards.
    async fn page(&mut self) -> Result<FeedPage, Error> {
        let mut records = Vec::new();
        for shard in 0..self.carrier.layout.shards() {
            let from = self.next.get(&shard).copied().unwrap_or(1);
            let (stream, filter) = (self.carrier.layout.stream(shard), self.carrier.layout.records(shard));
            let page = scan::page(&self.carrier, &stream, &filter, from, usize::MAX).await?;
            let record = |found: scan::Found| {
                let stored = Stored { revision: Revision(found.sequence), payload: found.payload };
                Some((instance_of(&found.subject)?, stored))
            };
            records.extend(page.found.into_iter().filter_map(record));
            if let Some(next) = page.next {
                self.next.insert(shard, next);
            }
        }
        Ok(FeedPage { records, position: self.position() })
    }
}

impl Feed for NatsFeed {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<FeedPage, Error>>> {
        Box::pin(async {
            loop {
                if self.carrier.check_open().is_err() {
                    return None;
                }
                match self.page().await {
                    Ok(page) if page.records.is_empty() => {
                        sleep(self.pause).await;
                        self.pause = (self.pause * 2).min(LONGEST);
                    }
                    other => {
                        self.pause = SHORTEST;
                        return Some(other);
                    }
                }
            }
        })
    }
}
