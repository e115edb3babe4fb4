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
use crate::transport::{Feed, FeedPage, InstanceId, RecordPage, Revision, Stored};
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

fn record(found: scan::Found) -> Option<(InstanceId, Stored)> {
    let stored = Stored { revision: Revision(found.sequence), payload: found.payload };
    Some((instance_of(&found.subject)?, stored))
}

/// A page of the last records of one saga, or of all. A position is a shard, and the sequence in it that comes next: `0:1204`.
pub(super) async fn records(carrier: &Carrier, saga: Option<&str>, after: Option<&str>) -> Result<RecordPage, Error> {
    carrier.check_open()?;
    let layout = &carrier.layout;
    let read = |text: &str| {
        let (shard, from) = text.split_once(':')?;
        Some((shard.parse().ok().filter(|shard| *shard < layout.shards())?, from.parse().ok()?))
    };
    let (shard, from): (u16, u64) = after.map_or(Some((0, 1)), read).ok_or_else(|| {
        let text = format!(
            "`{}` is no position in the records of {}: begin anew, without one",
            after.unwrap_or_default(),
            carrier.name
        );
        Error::new(ErrorKind::InvalidOptions, text)
    })?;
    let filter = saga.map_or_else(|| layout.records(shard), |saga| layout.filter(shard, saga));
    let page = scan::page_caught_up(carrier, &layout.stream(shard), &filter, from).await?;
    let more = (shard + 1 < layout.shards()).then(|| format!("{}:1", shard + 1));
    let next = page.next.map(|next| format!("{shard}:{next}")).or(more);
    Ok(RecordPage { records: page.found.into_iter().filter_map(record).collect(), next })
}
