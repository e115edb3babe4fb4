//! One delivery: what its record wants is done, and the record that follows is appended.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use tokio::time::Instant;

use super::held::Held;
use super::{Shared, attempt};
use crate::definition::{SagaDefinition, StepDefinition};
use crate::engine::{self, Ending, Event, Halt, Moment, Plan};
use crate::record::{self, FORMAT, Record, StepCall};
use crate::retry::adaptive::Admission;
use crate::transport::Delivery;

/// So little before its time a record is already due: clocks differ, and handing it back would take longer.
const DUE: std::time::Duration = std::time::Duration::from_millis(5);

/// Works on one delivery, from its arrival until it is settled.
pub(super) async fn work(worker: Arc<Shared>, saga: Arc<SagaDefinition>, held: Held) {
    let job = Job { worker: &worker, saga: &saga, delivery: &held.delivery };
    match worker.slots.acquire().await {
        Ok(_slot) if !worker.stopping.load(Ordering::Relaxed) => job.work().await,
        _ => super::settle::hand_over(&worker, &held.delivery).await,
    }
}

/// A delivery, and who works on it.
pub(super) struct Job<'a> {
    pub(super) worker: &'a Shared,
    pub(super) saga: &'a SagaDefinition,
    pub(super) delivery: &'a Delivery,
}

impl Job<'_> {
    async fn work(&self) {
        let now = self.worker.options.clock.now();
        let record = match record::decode(&*self.worker.options.codec, &self.delivery.payload) {
            Ok(record) => record,
            Err(error) => return self.unreadable(error.to_string(), now).await,
        };
        if let Some(handed_back) = record.handed_back
            && handed_back.until > engine::after(now, DUE)
        {
            return self.wait(now, handed_back.until).await;
        }
        match engine::plan(&record, self.saga, engine::after(now, DUE)) {
            Plan::Nothing => self.delivery.handle.ack().await,
            Plan::Wait(until) => self.wait(now, until).await,
            Plan::Unfit(reason) => self.hand_back(Some(&record), reason, now).await,
            Plan::Begin if self.delivery.delivered > u64::from(self.worker.options.lost_limit) => {
                let reason = "its workers die when they take it up; the saga's code before its first step may be why";
                self.pause(Some(&record), reason.to_owned()).await;
            }
            Plan::Begin => self.transition(record, Event::Begin, 0.0).await,
            Plan::Run(call) if self.is_taken_over(&record, call) => {
                tracing::warn!(
                    instance = %self.delivery.instance, step = call.step, attempt = call.attempt, lost = call.lost + 1,
                    "taken over: the worker that had this attempt is gone"
                );
                let limit = self.worker.options.lost_limit;
                self.transition(record, Event::WorkerLost { limit }, 0.0).await;
            }
            Plan::Run(call) => match self.saga.step(&call.step).cloned() {
                Some(step) => self.run(record, &step).await,
                None => self.hand_back(Some(&record), format!("unknown step `{}`", call.step), now).await,
            },
        }
    }

    /// Whether another worker has had this record and was lost. What is handed back on purpose is a new record
    /// (delivered for the first time), but for one that had to wait. It was handed back until its time, and is
    /// delivered for the second time; or it was parked, and its count has begun anew: then a first loss is not seen
    /// as one, but the second is. It was never handed back twice: see [`wait`](Self::wait).
    fn is_taken_over(&self, record: &Record, call: &StepCall) -> bool {
        let waited = call.not_before.is_some() || record.handed_back.is_some();
        self.delivery.delivered > 1 + u64::from(waited)
    }

    /// Makes the attempt that the record waits for.
    async fn run(&self, record: Box<Record>, step: &Arc<StepDefinition>) {
        let breaker = self.worker.breakers.get(step.name());
        if let Some(breaker) = breaker {
            let admission = breaker.lock().unwrap_or_else(PoisonError::into_inner).admit(Instant::now());
            if let Admission::Wait(wait) = admission {
                // Spread, so that those who wait do not all come back for the next probe.
                let until = engine::after(self.worker.options.clock.now(), wait.mul_f64(1.0 + fastrand::f64()));
                return self.transition(record, Event::Postponed(until), 0.0).await;
            }
        }
        let Some(call) = record.frame.as_ref().and_then(record::Frame::step) else { return };
        let ending = attempt::attempt(self.worker, &self.delivery.instance, step, call).await;
        self.log(call, &ending);
        let failure_rate = breaker.map_or(0.0, |breaker| {
            let failed = !matches!(&ending, Ending::Output(output) if output.error.is_none());
            let mut breaker = breaker.lock().unwrap_or_else(PoisonError::into_inner);
            breaker.ended(failed, Instant::now());
            breaker.failure_rate()
        });
        self.transition(record, Event::Ended(ending), failure_rate).await;
    }

    /// Moves the instance on.
    async fn transition(&self, record: Box<Record>, event: Event, failure_rate: f64) {
        let now = self.worker.options.clock.now();
        let moment = Moment { now, chance: [fastrand::f64(), fastrand::f64()], failure_rate };
        match engine::apply(record, event, self.saga, &moment) {
            Ok(next) => self.append(&next, now).await,
            Err(Halt::Pause(reason) | Halt::Illegal(reason)) => {
                let known = record::decode(&*self.worker.options.codec, &self.delivery.payload).ok();
                self.pause(known.as_deref(), reason).await;
            }
        }
    }

    /// A payload that is no record of this format: one of a newer format is another worker's, anything else
    /// never becomes readable.
    async fn unreadable(&self, error: String, now: Timestamp) {
        let codec = &self.worker.options.codec;
        let head = codec.decode(&self.delivery.payload).ok().and_then(|json| engine::head(&json).ok());
        match head {
            Some(head) if head.format > FORMAT && head.is_terminal() => self.delivery.handle.ack().await,
            Some(head) if head.format > FORMAT => match head.handed_back {
                Some(handed_back) if handed_back.until > engine::after(now, DUE) => {
                    self.wait(now, handed_back.until).await;
                }
                _ => self.hand_back(None, engine::newer(head.format), now).await,
            },
            _ => self.pause(None, format!("the record can't be read: {error}")).await,
        }
    }

    fn log(&self, call: &StepCall, ending: &Ending) {
        let instance = &self.delivery.instance;
        let (step, attempt) = (&call.step, call.attempt);
        match ending {
            Ending::Output(output) => match &output.error {
                None => tracing::debug!(%instance, step, attempt, "step done"),
                Some((error, terminal)) => {
                    tracing::warn!(%instance, step, attempt, terminal, "attempt failed: {error}");
                }
            },
            Ending::Fault(kind, message) => {
                tracing::error!(%instance, step, attempt, ?kind, "attempt ended without an output: {message}");
            }
            Ending::Unsavable(reason) => tracing::error!(%instance, step, attempt, "{reason}"),
        }
    }
}
