//! How a delivery ends: with the next record, with a pause, or back in the transport's hands.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use jiff::Timestamp;

use super::Shared;
use super::job::Job;
use crate::appending::{self, Failed};
use crate::ends;
use crate::engine::{self, RESERVE};
use crate::hooks::PAUSED_BY_OPERATOR;
use crate::logs;
use crate::record::{self, Record, Status};
use crate::transport::{Append, AppendError, Delivery, Revision, Stored};

/// For so long a worker tries to append what a step has come to. Whoever runs the step again repeats its effects.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// When a notice comes again whose record has moved on.
pub(super) const AGAIN: Duration = Duration::from_millis(50);

/// When a record whose successor the transport refuses is delivered again.
const REFUSED: Duration = Duration::from_secs(5);

/// The record is larger than the transport takes.
#[derive(Debug, PartialEq, Eq)]
struct TooLarge {
    size: usize,
    limit: usize,
}

impl Job<'_> {
    /// Appends the next record, which supersedes the job's. What was stored, if it was.
    pub(super) async fn append(&self, next: &Record, now: Timestamp) -> Option<Stored> {
        let limit = self.worker.transport.max_record().saturating_sub(RESERVE);
        let payload = match record::encode(&*self.worker.options.codec, next) {
            Ok(payload) => payload,
            Err(error) => {
                Box::pin(self.pause(Some(next), format!("the next record can't be written: {error}"))).await;
                return None;
            }
        };
        if payload.len() > limit {
            Box::pin(self.pause(Some(next), engine::about_size(next, payload.len(), limit))).await;
            return None;
        }
        self.log_status(next);
        let keep = next.status.is_terminal().then_some(self.worker.options.keep);
        let append = Append {
            instance: &self.delivery.instance,
            after: Some(self.at.revision),
            payload: payload.clone(),
            not_before: not_before(next, now),
            keep,
            quiet: !next.status.is_at_rest() && next.answers.is_empty(),
            deliver: next.held.is_none() && (ends::is_to_be_taken_up(next) || self.saga().hooks().of(next).is_some()),
            noted: !self.notes.is_empty(),
        };
        match self.settle(append).await {
            Ok(Some(revision)) => {
                self.meters().appended(next.status);
                Some(Stored { revision, payload })
            }
            Ok(None) => None,
            Err(TooLarge { size, limit }) => {
                Box::pin(self.pause(Some(next), engine::about_size(next, size, limit))).await;
                None
            }
        }
    }

    /// Pauses the instance: its record is kept, untouched, inside one that says why.
    pub(super) async fn pause(&self, known: Option<&Record>, reason: String) {
        tracing::error!(instance = %self.delivery.instance, "paused: {reason}");
        self.pause_with(&self.as_it_stands(), known, reason).await;
    }

    /// Pauses the instance as an operator has asked: it goes on from this record, when it is resumed.
    pub(super) async fn pause_as_asked(&self, mut record: Box<Record>, number: u64) {
        engine::note_pause(&mut record, number);
        record.held = None;
        let limit = self.worker.transport.max_record().saturating_sub(RESERVE);
        match record::encode(&*self.worker.options.codec, &record) {
            Ok(kept) if kept.len() <= limit => {
                tracing::info!(instance = %self.delivery.instance, "{PAUSED_BY_OPERATOR}");
                self.pause_with(&kept, Some(&record), PAUSED_BY_OPERATOR.to_owned()).await;
                self.discard(&record).await;
            }
            Ok(kept) => self.pause(Some(&record), engine::about_size(&record, kept.len(), limit)).await,
            Err(error) => self.pause(Some(&record), format!("the next record can't be written: {error}")).await,
        }
    }

    /// Pauses the instance; `kept` is what it goes on from.
    pub(super) async fn pause_with(&self, kept: &Bytes, known: Option<&Record>, reason: String) {
        let (delivery, options) = (self.delivery, &self.worker.options);
        let now = options.clock.now();
        let paused = engine::paused(&delivery.instance, &*options.codec, kept, known, reason, now);
        let settled = match record::encode(&*options.codec, &paused) {
            Ok(payload) => {
                let deliver = ends::is_to_be_taken_up(&paused) || self.saga().hooks().of(&paused).is_some();
                let append = Append { not_before: not_before(&paused, now), deliver, ..self.plain(payload) };
                let settled = self.settle(append).await;
                settled.map_err(|TooLarge { size, limit }| AppendError::TooLarge { size, limit }.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        if matches!(settled, Ok(Some(_))) {
            self.meters().appended(Status::Paused);
        }
        if let Err(error) = settled {
            // The record itself stays where it is; nobody is to be given it in vain.
            tracing::error!(instance = %delivery.instance, "can't be paused, and is given up: {error}");
            delivery.handle.term(&format!("can't be paused: {error}")).await;
        }
    }

    /// Hands back a record that this worker's code can't take up; after the limit it pauses the instance.
    pub(super) async fn hand_back(&self, known: Option<&Record>, reason: String, now: Timestamp) {
        let (delivery, options) = (self.delivery, &self.worker.options);
        let delay = options.hand_back_delay;
        let until = engine::after(now, delay);
        let Ok(json) = options.codec.decode(&self.as_it_stands()) else { return self.pause(known, reason).await };
        let before = engine::head(&json).ok().and_then(|head| head.handed_back).map_or(0, |before| before.times);
        if before >= options.hand_back_limit {
            return self.pause(known, format!("{reason} (no worker knew better in {before} hand-backs)")).await;
        }
        let Ok(json) = engine::handed_back(&json, until) else { return self.pause(known, reason).await };
        tracing::info!(instance = %delivery.instance, times = before + 1, "handed back for {delay:?}: {reason}");
        let append = Append { not_before: Some(until.into()), quiet: true, ..self.plain(options.codec.encode(json)) };
        if self.settle(append).await.is_err() {
            delivery.handle.nak(delay).await;
        }
    }

    /// Hands the delivery back until a time.
    ///
    /// A record that comes before its time a second time (it could not be parked, or a worker was lost with it) is
    /// appended again as it is: that begins its delivery count anew, so that when its time has come, no more than one
    /// delivery that came to nothing stands in the count. See [`is_taken_over`](Self::is_taken_over).
    pub(super) async fn wait(&self, now: Timestamp, until: Timestamp) {
        if self.delivery.delivered > 1 {
            let payload = self.delivery.payload.clone();
            let again = Append { not_before: Some(until.into()), quiet: true, ..self.plain(payload) };
            if self.settle(again).await.is_ok() {
                return;
            }
        }
        self.meters().parked();
        self.delivery.handle.park(engine::until(now, until)).await;
    }

    /// Waits until the worker that holds the record may be taken for lost. Nothing is appended: that would end its hold.
    pub(super) async fn wait_for_holder(&self, now: Timestamp, until: Timestamp) {
        self.meters().parked();
        self.delivery.handle.park(engine::until(now, until)).await;
    }

    /// Appends and settles the delivery by the answer; returns the revision, if the record is known to be appended. After an error
    /// nothing is settled.
    async fn settle(&self, append: Append<'_>) -> Result<Option<Revision>, TooLarge> {
        let (instance, handle) = (&self.delivery.instance, &self.delivery.handle);
        let count = |error: &AppendError| self.meters().refused(error);
        if let Some(keep) = self.saga().history()
            && let Err(error) = Box::pin(logs::keep(&*self.worker.transport, instance, &self.at, keep, PATIENCE)).await
        {
            tracing::error!(%instance, %error, "its record could not be kept in its history; it will be delivered again");
            handle.nak(REFUSED).await;
            return Ok(None);
        }
        let Failed { error, unsure } = match appending::append(&*self.worker.transport, append, PATIENCE, count).await {
            Ok(revision) => {
                handle.superseded().await;
                return Ok(Some(revision));
            }
            Err(failed) => failed,
        };
        match error {
            AppendError::Superseded { last } => {
                if self.delivery.notice.is_some() {
                    // The mail is for whatever the instance has come to.
                    handle.nak(AGAIN).await;
                    return Ok(None);
                }
                // Either way the instance has moved on from this delivery.
                self.log_superseded(last, unsure);
                handle.ack().await;
            }
            AppendError::TooLarge { size, limit } => return Err(TooLarge { size, limit }),
            error => {
                tracing::error!(%instance, %error, "the next record could not be appended; the record will be delivered again");
                handle.nak(REFUSED).await;
            }
        }
        Ok(None)
    }

    /// Tells what has become of a result that was refused, in words for whoever looks for it.
    pub(super) fn log_superseded(&self, last: Option<Revision>, unsure: bool) {
        let (instance, Stored { revision, payload }) = (&self.delivery.instance, &self.at);
        if unsure {
            tracing::info!(
                %instance, %revision, ?last,
                "the instance has moved on: most likely by this worker, which got no answer the first time; nothing to do"
            );
            return;
        }
        // Read once more, since this is rare.
        let record = record::decode(&*self.worker.options.codec, payload).ok();
        let call = record.as_ref().and_then(|record| record.frame.as_ref()).and_then(record::Frame::step);
        let (step, attempt) = (call.map(|call| &*call.step), call.map(|call| call.attempt));
        tracing::warn!(
            %instance, step, attempt, %revision, ?last,
            "another worker has moved this instance on meanwhile, so what this one did here is dropped: it was paused, or \
             cut off from the server, for longer than the ack wait; nothing to do"
        );
    }

    /// A record that replaces the delivery's as it is.
    fn plain(&self, payload: Bytes) -> Append<'_> {
        let append = Append::new(&self.delivery.instance, Some(self.at.revision), payload);
        Append { noted: !self.notes.is_empty(), ..append }
    }

    fn log_status(&self, next: &Record) {
        let instance = &self.delivery.instance;
        let cause = next.cause.as_ref().map(ToString::to_string).unwrap_or_default();
        match next.status {
            Status::Stuck => {
                tracing::error!(%instance, "stuck: {}", next.reason.as_deref().unwrap_or_default());
            }
            Status::Failed | Status::Compensated => tracing::info!(%instance, status = ?next.status, "failed: {cause}"),
            Status::Completed => tracing::debug!(%instance, "completed"),
            _ => {}
        }
    }
}

/// Hands a delivery over to other workers at once, because this one stops. The same record is appended again: that
/// begins its delivery count anew, so that a rolling deploy doesn't look like a lost worker.
///
/// If its step has `begun`, what it has saved goes with the record.
pub(super) async fn hand_over(worker: &Shared, delivery: &Delivery, begun: bool) {
    let handle = &delivery.handle;
    if delivery.notice.is_some() {
        return handle.nak(Duration::ZERO).await;
    }
    let Ok(record) = record::decode(&*worker.options.codec, &delivery.payload) else {
        return handle.nak(Duration::ZERO).await;
    };
    if record.status.is_at_rest() && ends::is_to_be_taken_up(&record) {
        return handle.nak(Duration::ZERO).await;
    }
    if record.status.is_at_rest() {
        // It wants nothing; and a terminal one appended again would stay for ever.
        return handle.ack().await;
    }
    if record.held.is_some() {
        // It is another's: appended again, it would be taken from it.
        return handle.nak(Duration::ZERO).await;
    }
    let not_before = not_before(&record, worker.options.clock.now());
    let deliver = !engine::awaits(&record).is_empty();
    let payload = if begun { with_saved(worker, delivery, record).await } else { None };
    let (noted, payload) = (payload.is_some(), payload.unwrap_or_else(|| delivery.payload.clone()));
    let again = Append::new(&delivery.instance, Some(delivery.revision), payload);
    let again = Append { not_before, noted, deliver, quiet: true, ..again };
    match worker.transport.append(again).await {
        Ok(_) => handle.superseded().await,
        Err(AppendError::Superseded { .. }) => handle.ack().await,
        Err(error) => {
            tracing::debug!(instance = %delivery.instance, %error, "handed back by the delivery");
            handle.nak(Duration::ZERO).await;
        }
    }
}

/// A record with what its step has saved beside it; `None` if that is nothing (or can't be known now: then it is lost with the
/// notes, and the step begins anew).
async fn with_saved(worker: &Shared, delivery: &Delivery, mut record: Box<Record>) -> Option<Bytes> {
    let codec = &*worker.options.codec;
    let notes = worker.transport.notes(&delivery.instance, delivery.revision).await.ok()?;
    let notes: Vec<_> = notes.iter().map(|note| record::decode_note(codec, note)).collect::<Result<_, _>>().ok()?;
    if notes.is_empty() || engine::fold(&mut record, notes).is_err() {
        return None;
    }
    record::encode(codec, &record).ok()
}

/// When a record is to be delivered, if that is later than now; one that waits for an operator, never, and one that a worker holds,
/// when that worker may be taken for lost.
fn not_before(record: &Record, now: Timestamp) -> Option<SystemTime> {
    if let Some(held) = &record.held {
        return Some(held.until.into());
    }
    if matches!(record.status, Status::Paused | Status::Stuck) {
        return Some(Timestamp::MAX.into());
    }
    engine::wakes(record, now).map(SystemTime::from)
}
