//! Admitting what clients have handed in at the ingress: the worker makes the first record itself, and appends it on the
//! condition that there is none. **An entry is acknowledged only when its instance is known to have a record**; if the
//! worker dies before that, the entry comes again, and admitting it twice is harmless.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Served, Shared, receive};
use crate::definition::SagaDefinition;
use crate::engine::{self, RESERVE};
use crate::record::{self, Record, START_FORMAT, Start};
use crate::transport::{Append, AppendError, Entry, EntryKind};
use crate::{Error, appending, ends};

/// When an entry comes again that could not be admitted.
const AGAIN: Duration = Duration::from_secs(5);

/// However short the grace is, so much time there is to hand back what has not been begun.
const HANDING_BACK: Duration = Duration::from_secs(2);

/// Admits until told to stop, or until the transport ends.
pub(super) async fn receive(
    worker: Arc<Shared>,
    saga: Arc<Served>,
    stop: Arc<watch::Sender<bool>>,
) -> Result<(), Error> {
    let ended = receive_until(&worker, &saga, &stop).await;
    receive::stop_all(saga.definition.name(), &ended, &stop);
    ended
}

async fn receive_until(worker: &Arc<Shared>, saga: &Arc<Served>, stop: &watch::Sender<bool>) -> Result<(), Error> {
    let mut stopped = pin!(until_stopped(stop.subscribe()));
    let joined = tokio::select! {
        () = &mut stopped => return Ok(()),
        joined = receive::patiently(worker, saga.definition.name(), |saga, options| worker.transport.entries(saga, options)) => joined?,
    };
    let Some(mut entries) = joined else { return Ok(()) };
    let mut admitting = JoinSet::new();
    let result = loop {
        let entry = tokio::select! {
            biased;
            () = &mut stopped => break Ok(()),
            Some(_) = admitting.join_next() => continue,
            entry = entries.next() => entry,
        };
        match entry {
            Some(Ok(entry)) => {
                admitting.spawn(admit(worker.clone(), saga.clone(), entry, stop.subscribe()));
            }
            Some(Err(error)) => break Err(error),
            // The deliveries have ended, too, and say so.
            None => break Ok(()),
        }
    };
    drop(entries);
    // Those without a slot hand their entries back now. What is not done in time comes again, to another worker.
    let _ =
        timeout(worker.options.grace.max(HANDING_BACK), async { while admitting.join_next().await.is_some() {} }).await;
    result
}

/// An error means that the sender is gone, and with it the worker.
async fn until_stopped(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Admits one entry when there is a slot: so the ingress fills when workers don't keep up, and clients hear of it.
async fn admit(worker: Arc<Shared>, saga: Arc<Served>, entry: Entry, stop: watch::Receiver<bool>) {
    // Nobody renews the ack wait of an entry: it goes to another worker if this one has no time for it.
    let slot = timeout(worker.options.ack_wait / 2, worker.slots.acquire());
    let slot = tokio::select! {
        biased;
        () = until_stopped(stop) => return entry.handle.nak(Duration::ZERO).await,
        slot = slot => slot,
    };
    match slot {
        Ok(Ok(_slot)) => admit_now(&worker, &saga.definition, &entry).await,
        Ok(Err(_stopping)) => entry.handle.nak(Duration::ZERO).await,
        Err(_) => entry.handle.nak(AGAIN).await,
    }
}

async fn admit_now(worker: &Shared, saga: &SagaDefinition, entry: &Entry) {
    let (instance, options) = (&entry.instance, &worker.options);
    let EntryKind::Start = entry.kind;
    let start = match record::decode_start(&*options.codec, &entry.payload) {
        Ok(start) if start.format > START_FORMAT && entry.delivered <= u64::from(options.hand_back_limit) => {
            tracing::info!(%instance, "a start of format {} is left to newer workers", start.format);
            return entry.handle.nak(options.hand_back_delay).await;
        }
        Ok(start) if start.format > START_FORMAT => {
            return refuse(entry, &format!("it has format {}, which no worker knew", start.format)).await;
        }
        Ok(start) => start,
        Err(error) => return refuse(entry, &format!("it can't be read: {error}")).await,
    };
    let now = options.clock.now();
    let first = first(saga, entry, start.clone(), now);
    let limit = worker.transport.max_record().saturating_sub(RESERVE);
    let mut encoded = record::encode(&*options.codec, &first);
    if !matches!(&encoded, Ok(payload) if payload.len() <= limit) {
        // Whoever takes it up will come to the same, and pause it with the reason.
        encoded = record::encode(&*options.codec, &engine::beginning(instance, start, now));
    }
    let payload = match encoded {
        Ok(payload) if payload.len() <= limit => payload,
        Ok(payload) => return refuse(entry, &engine::about_size(&first, payload.len(), limit)).await,
        Err(error) => return refuse(entry, &error.to_string()).await,
    };
    let not_before = engine::wakes(&first, now).map(SystemTime::from);
    let (quiet, deliver) = (!first.status.is_at_rest(), ends::first_is_to_be_taken_up(&first));
    let append = Append { not_before, quiet, deliver, ..Append::new(instance, None, payload) };
    let appended = appending::append(&*worker.transport, append, options.ack_wait / 2, |_| {}).await;
    match appended.map_err(|failed| failed.error) {
        Ok(_) => entry.handle.ack().await,
        Err(AppendError::Superseded { .. }) => {
            tracing::debug!(%instance, "was started before");
            entry.handle.ack().await;
        }
        Err(AppendError::TooLarge { size, limit }) => {
            refuse(entry, &engine::about_size(&first, size, limit)).await;
        }
        Err(error) => {
            tracing::error!(%instance, %error, "a start could not be admitted; it comes again");
            entry.handle.nak(AGAIN).await;
        }
    }
}

/// The record to begin with. The saga's code before its first step may be what a worker has died of: then it is left to those who count such deaths.
pub(super) fn first(saga: &SagaDefinition, entry: &Entry, start: Start, now: Timestamp) -> Box<Record> {
    match entry.delivered > 1 {
        true => engine::beginning(&entry.instance, start, now),
        false => engine::start(saga, &entry.instance, start, now),
    }
}

/// Takes an entry out of the way for good. Its client has been told nothing but that it was handed in.
async fn refuse(entry: &Entry, why: &str) {
    tracing::warn!(instance = %entry.instance, "a start at the ingress is refused and taken out of the way: {why}");
    entry.handle.term(why).await;
}
