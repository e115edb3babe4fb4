//! How a delivery ends: with the next record, with a pause, or back in the transport's hands.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use jiff::Timestamp;

use super::Shared;
use super::job::Job;
use crate::appending;
use crate::engine::{self, RESERVE};
use crate::record::{self, Record, Status};
use crate::transport::{Append, AppendError, Delivery};

/// For so long a worker tries to append what a step has come to. Whoever runs the step again repeats its effects.
const PATIENCE: Duration = Duration::from_secs(600);

/// When a record whose successor the transport refuses is delivered again.
const REFUSED: Duration = Duration::from_secs(5);

impl Job<'_> {
    /// Appends the next record, which supersedes the delivery's.
    pub(super) async fn append(&self, next: &Record, now: Timestamp) {
        let limit = self.worker.transport.max_record().saturating_sub(RESERVE);
        let payload = match record::encode(&*self.worker.options.codec, next) {
            Ok(payload) => payload,
            Err(error) => return self.pause(Some(next), format!("the next record can't be written: {error}")).await,
        };
        if payload.len() > limit {
            return self.pause(Some(next), engine::about_size(next, payload.len(), limit)).await;
        }
        self.log_status(next);
        let keep = next.status.is_terminal().then_some(self.worker.options.keep);
        let append = Append {
            instance: &self.delivery.instance,
            after: Some(self.delivery.revision),
            payload,
            not_before: not_before(next, now),
            keep,
        };
        if let Err(AppendError::TooLarge { size, limit }) = self.settle(append).await {
            self.pause(Some(next), engine::about_size(next, size, limit)).await;
        }
    }

    /// Pauses the instance: its record is kept, untouched, inside one that says why.
    pub(super) async fn pause(&self, known: Option<&Record>, reason: String) {
        let (delivery, options) = (self.delivery, &self.worker.options);
        tracing::error!(instance = %delivery.instance, "paused: {reason}");
        let now = options.clock.now();
        let paused = engine::paused(&delivery.instance, &*options.codec, &delivery.payload, known, reason, now);
        let settled = match record::encode(&*options.codec, &paused) {
            Ok(payload) => {
                let append = Append { not_before: not_before(&paused, now), ..self.plain(payload) };
                self.settle(append).await.map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
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
        let Ok(json) = options.codec.decode(&delivery.payload) else { return self.pause(known, reason).await };
        let before = engine::head(&json).ok().and_then(|head| head.handed_back).map_or(0, |before| before.times);
        if before >= options.hand_back_limit {
            return self.pause(known, format!("{reason} (no worker knew better in {before} hand-backs)")).await;
        }
        let Ok(json) = engine::handed_back(&json, until) else { return self.pause(known, reason).await };
        tracing::info!(instance = %delivery.instance, times = before + 1, "handed back for {delay:?}: {reason}");
        let append = Append { not_before: Some(until.into()), ..self.plain(options.codec.encode(json)) };
        if let Err(AppendError::TooLarge { .. }) = self.settle(append).await {
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
            let again = Append { not_before: Some(until.into()), ..self.plain(self.delivery.payload.clone()) };
            if self.settle(again).await.is_ok() {
                return;
            }
        }
        self.delivery.handle.park(engine::until(now, until)).await;
    }

    /// Appends and settles the delivery by the answer. An error is [`AppendError::TooLarge`], and nothing is settled.
    async fn settle(&self, append: Append<'_>) -> Result<(), AppendError> {
        let (instance, handle) = (&self.delivery.instance, &self.delivery.handle);
        match appending::append(&*self.worker.transport, append, PATIENCE).await {
            Ok(_) => handle.superseded().await,
            Err(AppendError::Superseded { last }) => {
                // By another worker, or by this append itself if an earlier answer to it was lost. Either way the
                // instance has moved on from this delivery.
                tracing::debug!(%instance, ?last, "superseded");
                handle.ack().await;
            }
            Err(error @ AppendError::TooLarge { .. }) => return Err(error),
            Err(error) => {
                tracing::error!(%instance, %error, "the next record could not be appended; the record will be delivered again");
                handle.nak(REFUSED).await;
            }
        }
        Ok(())
    }

    /// A record that replaces the delivery's as it is.
    fn plain(&self, payload: Bytes) -> Append<'_> {
        replacing(self.delivery, payload)
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
pub(super) async fn hand_over(worker: &Shared, delivery: &Delivery) {
    let handle = &delivery.handle;
    let Ok(record) = record::decode(&*worker.options.codec, &delivery.payload) else {
        return handle.nak(Duration::ZERO).await;
    };
    if !matches!(record.status, Status::Running | Status::Unwinding) {
        // It wants nothing; and a terminal one appended again would stay for ever.
        return handle.ack().await;
    }
    let not_before = not_before(&record, worker.options.clock.now());
    match worker.transport.append(Append { not_before, ..replacing(delivery, delivery.payload.clone()) }).await {
        Ok(_) => handle.superseded().await,
        Err(AppendError::Superseded { .. }) => handle.ack().await,
        Err(error) => {
            tracing::debug!(instance = %delivery.instance, %error, "handed back by the delivery");
            handle.nak(Duration::ZERO).await;
        }
    }
}

/// When a record is to be delivered, if that is later than now; one that waits for an operator, never.
fn not_before(record: &Record, now: Timestamp) -> Option<SystemTime> {
    if matches!(record.status, Status::Paused | Status::Stuck) {
        return Some(Timestamp::MAX.into());
    }
    let call = record.frame.as_ref().and_then(record::Frame::step)?;
    call.not_before.filter(|time| *time > now).map(SystemTime::from)
}

fn replacing(delivery: &Delivery, payload: Bytes) -> Append<'_> {
    Append { instance: &delivery.instance, after: Some(delivery.revision), payload, not_before: None, keep: None }
}
