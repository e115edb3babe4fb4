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
use super::scan::{self, Seen};
use super::workers::{Source, Workers};
use super::{signs, timers};
use crate::transport::Revision;

/// So many ack waits old is a record that should have moved on, or be in somebody's hands.
const OLD: u32 = 4;

/// The most records that are looked into at a time; the rest is left to the next pass.
const MOST: usize = 10_000;

/// Sweeps the records of a saga for as long as its deliveries are there.
pub(super) async fn run(carrier: Arc<Carrier>, saga: Arc<str>, ack_wait: Duration) {
    let every = carrier.sweep_every.max(Duration::from_secs(1));
    // Where the search begins: what was terminal or gone before it, stays so.
    let mut begins: HashMap<u16, u64> = HashMap::new();
    sleep(every.mul_f64(fastrand::f64())).await;
    loop {
        for shard in 0..carrier.layout.shards() {
            let workers = Workers { saga: Arc::clone(&saga), source: Source::Records(shard), ack_wait };
            let begin = begins.entry(shard).or_insert(1);
            if !is_next(&carrier, &saga, shard, every).await {
                continue;
            }
            match sweep(&carrier, &workers, begin).await {
                Ok(0) => {}
                Ok(woken) => {
                    tracing::warn!(
                        "found {woken} instances of `{saga}` (shard {shard}) that nobody worked on; woke them"
                    );
                }
                Err(error) => {
                    tracing::debug!("sweeping `{saga}` (shard {shard}): {error}; the next pass is in {every:?}");
                }
            }
        }
        sleep(every.mul_f64(0.75 + fastrand::f64() / 2.0)).await;
    }
}

/// Whether this worker is to sweep now: one does for all, so long as it is not done. A note of that stays for half the
/// time between two passes.
async fn is_next(carrier: &Carrier, saga: &str, shard: u16, every: Duration) -> bool {
    let mut headers = unless_there();
    headers.insert(NATS_MESSAGE_TTL, super::append::ttl(Duration::from_secs(every.as_secs() / 2)));
    timers::publish(carrier, carrier.layout.sweep(saga, shard), headers, Revision(0)).await.is_ok()
}

/// The condition of a publish that there is no message on its subject.
fn unless_there() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(0u64));
    headers
}

/// One pass; returns how many records were woken.
async fn sweep(carrier: &Carrier, workers: &Workers, begin: &mut u64) -> Result<usize, String> {
    let info = workers.info(carrier).await.map_err(|fault| fault.to_string())?;
    let (lost, doubtful) = suspects(carrier, workers, &info, begin).await?;
    let mut woken = wake(carrier, &lost).await;
    if !doubtful.is_empty() && info.num_pending == 0 && info.num_waiting > 0 {
        let silent = signs::silent(carrier, workers, info.config.ack_wait, doubtful).await?;
        woken += wake(carrier, &silent).await;
    }
    Ok(woken)
}

/// The records that are old: those that nobody can be working on, and those that somebody may.
async fn suspects(
    carrier: &Carrier,
    workers: &Workers,
    info: &consumer::Info,
    begin: &mut u64,
) -> Result<(Vec<Seen>, Vec<Seen>), String> {
    let (stream, filter) = (workers.stream(&carrier.layout), workers.filter(&carrier.layout));
    let patience = info.config.ack_wait.saturating_mul(OLD);
    let now = Timestamp::now();
    let is_old = |time: Timestamp| now.duration_since(time).unsigned_abs() > patience && time < now;
    let (mut lost, mut doubtful) = (Vec::new(), Vec::new());
    let (mut from, mut live_from) = (*begin, None);
    'pages: loop {
        let asked = Instant::now();
        let page = scan::page(carrier, &stream, &filter, from).await?;
        for seen in page.records {
            // Sequences grow with time: what follows is younger, or waits to be delivered for the first time.
            if !is_old(seen.stored_at) || seen.revision.0 > info.delivered.stream_sequence {
                from = seen.revision.0;
                break 'pages;
            }
            let due = seen.not_before;
            if seen.terminal || due == Some(Timestamp::MAX) {
                continue;
            }
            live_from.get_or_insert(seen.revision.0);
            if due.is_some_and(|due| !is_old(due)) {
                continue;
            }
            if seen.revision.0 <= info.ack_floor.stream_sequence || info.num_ack_pending == 0 {
                lost.push(seen);
            } else {
                doubtful.push(seen);
            }
        }
        match page.next {
            Some(next) => from = next,
            None => break,
        }
        if lost.len() + doubtful.len() >= MOST {
            break;
        }
        // No more than half of the time.
        sleep(asked.elapsed()).await;
    }
    *begin = live_from.unwrap_or(from);
    Ok((lost, doubtful))
}

/// Wakes records as their timers would; returns for how many there was no wake yet.
async fn wake(carrier: &Carrier, records: &[Seen]) -> usize {
    let mut woken = 0;
    for Seen { instance, revision, .. } in records {
        let subject = carrier.layout.wake(instance, *revision);
        match timers::publish(carrier, subject, unless_there(), *revision).await {
            Ok(()) => {
                tracing::debug!(%instance, %revision, "nobody worked on this record: woken");
                woken += 1;
            }
            // Most likely: there is one.
            Err(error) => tracing::debug!(%instance, %revision, "not woken: {error}"),
        }
    }
    woken
}
