//! The sweeper: a pass, now and then, that finds the records which nobody works on, and wakes them.
//!
//! It makes liveness independent of consumers and timers: a consumer that skips a record, an acknowledgement that should not
//! have been sent, a timer that is gone. It is careful, since a second delivery of a record that *is* worked on
//! would run its step twice (one of the two results is refused, but not its effects). A record is woken if
//!
//! * it is older than four ack waits, reckoned from its not-before if it has one, and no terminal record, and
//! * the consumer has delivered it, and
//!   * has no open delivery so old (it lies at or below the ack floor), or no open delivery at all, or
//!   * the consumer has nothing to deliver, workers wait for records, and for a whole ack wait nobody says anything about
//!     this record's delivery, where whoever works on it says at each third of it that it is in progress.
//!
//! Waking means to publish the wake that a timer would have published, on the condition that there is none:
//! so a record that is worked on by a wake is let be, and two sweepers wake it once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::{HeaderValue, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_TTL};
use async_nats::jetstream::consumer;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::Carrier;
use super::append::not_before;
use super::layout::instance_of;
use super::scan::{self, Found};
use super::sides::{Side, Sides};
use super::workers::{Source, Workers};
use super::{read, signs, timers};
use crate::transport::{InstanceId, Revision};

/// So many ack waits old is a record that should have moved on, or be in somebody's hands.
const OLD: u32 = 4;

/// So many records are woken at the same time.
const AT_ONCE: usize = 16;

/// A record as one sees it without its meaning.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) instance: InstanceId,
    pub(super) revision: Revision,
    stored_at: Timestamp,
    not_before: Option<Timestamp>,
    /// It is only kept for a while, to protect the id.
    terminal: bool,
}

impl Seen {
    /// What is not the record of an instance is passed over.
    fn read(found: &Found) -> Option<Self> {
        Some(Self {
            instance: instance_of(&found.subject)?,
            revision: Revision(found.sequence),
            stored_at: found.stored_at,
            not_before: not_before(&found.headers),
            terminal: found.headers.get(NATS_MESSAGE_TTL).is_some(),
        })
    }
}

/// Sweeps the records of a saga for as long as its deliveries are there.
pub(super) async fn run(carrier: Arc<Carrier>, saga: Arc<str>, ack_wait: Duration) {
    let every = carrier.sweep_every.max(Duration::from_secs(1));
    // Where the search begins: what was terminal or gone before it, stays so.
    let mut begins: HashMap<u16, u64> = HashMap::new();
    let mut sides = [Side::Notes, Side::Mail].map(Sides::new);
    sleep(every.mul_f64(fastrand::f64())).await;
    loop {
        for shard in 0..carrier.layout.shards() {
            let workers = Workers { saga: Arc::clone(&saga), source: Source::Records(shard), ack_wait };
            let begin = begins.entry(shard).or_insert(1);
            // Who may not read through the records has been told so; with the next connection that may be different.
            let reading = format!("$JS.API.DIRECT.GET.{}", workers.stream(&carrier.layout));
            if carrier.link.denial(&reading).is_some() {
                continue;
            }
            if !is_next(&carrier, &saga, &shard.to_string(), every).await {
                continue;
            }
            let mut woken = 0;
            if let Err(error) = sweep(&carrier, &workers, begin, &mut woken).await {
                tracing::debug!("sweeping `{saga}` (shard {shard}): {error}; the next pass is in {every:?}");
            }
            if woken > 0 {
                #[cfg(feature = "metrics")]
                count(&saga, woken);
                tracing::warn!("found {woken} instances of `{saga}` (shard {shard}) that nobody worked on; woke them");
            }
        }
        for sides in &mut sides {
            let place = sides.place();
            let reading = format!("$JS.API.DIRECT.GET.{}", sides.stream(&carrier.layout));
            if carrier.link.denial(&reading).is_some() || !is_next(&carrier, &saga, place, every).await {
                continue;
            }
            if let Err(error) = sides.sweep(&carrier, &saga, ack_wait.saturating_mul(OLD)).await {
                tracing::debug!("sweeping the {place} of `{saga}`: {error}; the next pass is in {every:?}");
            }
        }
        sleep(every.mul_f64(0.75 + fastrand::f64() / 2.0)).await;
    }
}

#[cfg(feature = "metrics")]
fn count(saga: &Arc<str>, woken: usize) {
    metrics::describe_counter!(
        "sagaflow_swept_total",
        metrics::Unit::Count,
        "Instances that the sweeper found and woke"
    );
    metrics::counter!("sagaflow_swept_total", "saga" => Arc::clone(saga)).increment(woken as u64);
}

/// Whether this worker is to sweep now: one does for all, so long as it is not done. A note of that stays for half the
/// time between two passes.
async fn is_next(carrier: &Carrier, saga: &str, place: &str, every: Duration) -> bool {
    let mut headers = unless_there();
    headers.insert(NATS_MESSAGE_TTL, super::append::ttl(Duration::from_secs(every.as_secs() / 2)));
    timers::publish(carrier, carrier.layout.sweep(saga, place), headers, Revision(0)).await.is_ok()
}

/// The condition of a publish that there is no message on its subject.
fn unless_there() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(0u64));
    headers
}

/// One pass, from the record `begin` on; counts in `woken`.
///
/// Each page is dealt with before the next is read. So it takes no more memory for many suspects than for few, and those that stay
/// where they are (steps that run for long) keep it from none behind them.
async fn sweep(carrier: &Carrier, workers: &Workers, begin: &mut u64, woken: &mut usize) -> Result<(), String> {
    let info = workers.info(carrier).await.map_err(|fault| fault.to_string())?;
    let pass = Pass { carrier, workers, info: &info, now: Timestamp::now() };
    let (mut pages, mut doubtful) = (pass.pages(*begin), None);
    while let Some(page) = pages.next().await? {
        let (lost, rest): (Vec<_>, Vec<_>) = page.into_iter().partition(|seen| pass.is_lost(seen));
        *woken += wake(carrier, &lost).await;
        doubtful = doubtful.or(rest.first().map(|seen| seen.revision.0));
    }
    *begin = pages.live_from.unwrap_or(pages.from);
    let Some(doubtful) = doubtful.filter(|_| info.num_pending == 0 && info.num_waiting > 0) else { return Ok(()) };
    let alive = signs::alive(carrier, workers, info.config.ack_wait, info.delivered.stream_sequence).await?;
    let mut pages = pass.pages(doubtful);
    while let Some(mut page) = pages.next().await? {
        page.retain(|seen| !pass.is_lost(seen) && !alive.contains(&seen.revision.0));
        *woken += wake(carrier, &page).await;
    }
    Ok(())
}

/// What a pass goes by, from its beginning to its end: what happens meanwhile is left to the next one.
#[derive(Debug, Clone, Copy)]
struct Pass<'p> {
    carrier: &'p Carrier,
    workers: &'p Workers,
    info: &'p consumer::Info,
    now: Timestamp,
}

/// The suspects: records that are old and want something, page by page.
#[derive(Debug)]
struct Pages<'p> {
    pass: Pass<'p>,
    stream: String,
    filter: String,
    from: u64,
    /// The first record that has not come to rest.
    live_from: Option<u64>,
    ended: bool,
}

impl<'p> Pass<'p> {
    fn pages(self, from: u64) -> Pages<'p> {
        let (workers, layout) = (self.workers, &self.carrier.layout);
        let (stream, filter) = (workers.stream(layout), workers.filter(layout));
        Pages { pass: self, stream, filter, from, live_from: None, ended: false }
    }

    fn is_old(&self, time: Timestamp) -> bool {
        let patience = self.info.config.ack_wait.saturating_mul(OLD);
        time < self.now && self.now.duration_since(time).unsigned_abs() > patience
    }

    /// Whether nobody can be working on it; somebody may on other suspects.
    fn is_lost(&self, seen: &Seen) -> bool {
        seen.revision.0 <= self.info.ack_floor.stream_sequence || self.info.num_ack_pending == 0
    }
}

impl Pages<'_> {
    /// `None`: there are no more.
    async fn next(&mut self) -> Result<Option<Vec<Seen>>, String> {
        if self.ended {
            return Ok(None);
        }
        let asked = Instant::now();
        let page = scan::page(self.pass.carrier, &self.stream, &self.filter, self.from, usize::MAX).await;
        let page = page.map_err(|error| error.to_string())?;
        match page.next {
            Some(next) => self.from = next,
            None => self.ended = true,
        }
        let mut suspects = Vec::new();
        for seen in page.found.iter().filter_map(Seen::read) {
            // Sequences grow with time: what follows is younger, or waits to be delivered for the first time.
            if !self.pass.is_old(seen.stored_at) || seen.revision.0 > self.pass.info.delivered.stream_sequence {
                (self.from, self.ended) = (seen.revision.0, true);
                break;
            }
            let due = seen.not_before;
            if seen.terminal || due == Some(Timestamp::MAX) {
                continue;
            }
            self.live_from.get_or_insert(seen.revision.0);
            if due.is_none_or(|due| self.pass.is_old(due)) {
                suspects.push(seen);
            }
        }
        if !self.ended {
            // No more than half of the time.
            sleep(asked.elapsed()).await;
        }
        Ok(Some(suspects))
    }
}

/// Wakes those records that are still the last of their instances, as their timers would; returns for how many there was
/// no wake yet.
async fn wake(carrier: &Carrier, records: &[Seen]) -> usize {
    let mut woken = 0;
    for some in records.chunks(AT_ONCE) {
        let all = futures::future::join_all(some.iter().map(|seen| wake_seen(carrier, seen))).await;
        woken += all.into_iter().filter(|is_woken| *is_woken).count();
    }
    woken
}

async fn wake_seen(carrier: &Carrier, Seen { instance, revision, .. }: &Seen) -> bool {
    // Whoever had it may only have been slow, and have moved the instance on since it was found.
    match read::last(carrier, instance).await {
        Ok(Some(last)) if last.stored.revision == *revision => wake_one(carrier, instance, *revision).await,
        Ok(_) => false,
        Err(error) => {
            tracing::debug!(%instance, %revision, "left to the next pass: {error}");
            false
        }
    }
}

/// Wakes an instance for its last record, unless there is such a wake.
pub(super) async fn wake_one(carrier: &Carrier, instance: &InstanceId, revision: Revision) -> bool {
    let subject = carrier.layout.wake(instance, revision);
    match timers::publish(carrier, subject, unless_there(), revision).await {
        Ok(()) => {
            tracing::debug!(%instance, %revision, "nobody worked on this record: woken");
            true
        }
        // Most likely: there is one.
        Err(error) => {
            tracing::debug!(%instance, %revision, "not woken: {error}");
            false
        }
    }
}
