//! One delivery: what its record wants is done, and the record that follows is appended.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::SemaphorePermit;
use tracing::Instrument;

use super::held::Held;
use super::leaf::Whose;
use super::mail::Asked;
use super::meters::{FailureKind, Meters};
use super::several::Several;
use super::{Served, Shared, leaf};
use crate::context::Standing;
use crate::definition::{SagaDefinition, StepDefinition};
use crate::engine::{self, Body, Ended, Ending, Event, Halt, Letter, Plan};
use crate::progress::{Notes, Progress};
use crate::record::{self, FORMAT, Record, Status, StepCall};
use crate::spans;
use crate::transport::{Delivery, Stored};

/// So little before its time a record is already due: clocks differ, and handing it back would take longer.
pub(super) const DUE: std::time::Duration = std::time::Duration::from_millis(5);

/// Works on one delivery, from its arrival until it is settled.
///
/// There is one of these futures for each delivery in hand. What is seldom done, or comes last, is boxed, so that each of them
/// is small (under 1 KiB, where allocators are fast; it takes a tenth of the worker's time otherwise).
pub(super) async fn work(worker: Arc<Shared>, saga: Arc<Served>, held: Held) {
    let _in_flight = saga.meters.in_flight(held.delivery.delivered);
    let at = Stored { revision: held.delivery.revision, payload: held.delivery.payload.clone() };
    let mut job = Job { worker: &worker, served: &saga, delivery: &held.delivery, at, notes: Vec::new() };
    if let Some(notice) = &held.delivery.notice {
        // It waits for no slot: what has all slots may be what it is about.
        return match worker.stopping.load(Ordering::Relaxed) {
            true => held.delivery.handle.nak(std::time::Duration::ZERO).await,
            false => Box::pin(job.notified(notice)).await,
        };
    }
    match worker.slots.acquire().await {
        Ok(slot) if !worker.stopping.load(Ordering::Relaxed) => {
            if !worker.held.is_in_doubt(worker.options.delivery_wait()) || Box::pin(job.still_stands()).await {
                job.work(slot).await;
            }
        }
        _ => Box::pin(super::settle::hand_over(&worker, &held.delivery, false)).await,
    }
}

/// A delivery, and who works on it.
pub(super) struct Job<'a> {
    pub(super) worker: &'a Arc<Shared>,
    pub(super) served: &'a Arc<Served>,
    pub(super) delivery: &'a Delivery,
    /// The record that the next one supersedes: the delivery's, until this worker has appended one and goes on from that.
    pub(super) at: Stored,
    /// The notes of that record.
    pub(super) notes: Vec<Bytes>,
}

impl<'a> Job<'a> {
    pub(super) fn saga(&self) -> &'a SagaDefinition {
        &self.served.definition
    }

    pub(super) fn meters(&self) -> &'a Meters {
        &self.served.meters
    }

    /// Asks whether the delivery's record is still the last. If not, the delivery is settled, and its step is not run for nothing.
    async fn still_stands(&self) -> bool {
        let Delivery { instance, revision, handle, .. } = self.delivery;
        match self.worker.transport.latest(instance).await {
            Ok(last) if last.as_ref().is_none_or(|last| last.revision != *revision) => {
                let last = last.map(|last| last.revision);
                tracing::info!(
                    %instance, %revision, ?last,
                    "this process was paused for longer than the ack wait, and another worker has moved this instance on meanwhile; nothing to do"
                );
                handle.ack().await;
                false
            }
            // If nobody knows, it is done: the append decides.
            _ => true,
        }
    }

    async fn work(&mut self, slot: SemaphorePermit<'a>) {
        let now = self.worker.options.clock.now();
        match record::decode(&*self.worker.options.codec, &self.delivery.payload) {
            Ok(record) => {
                let span = spans::saga(&self.delivery.instance, self.delivery.revision, &record);
                self.take_up(record, slot, now).instrument(span).await;
            }
            Err(error) => Box::pin(self.unreadable(error.to_string(), now)).await,
        }
    }

    async fn take_up(&mut self, mut record: Box<Record>, slot: SemaphorePermit<'a>, now: Timestamp) {
        if record.has_to_tell() && !Box::pin(self.tell_first(&mut record)).await {
            return;
        }
        if record.held.is_some() {
            match Box::pin(self.find(record, now)).await {
                Some(found) => record = found,
                None => return,
            }
        }
        if let Some(handed_back) = record.handed_back
            && handed_back.until > engine::after(now, DUE)
        {
            return Box::pin(self.wait(now, handed_back.until)).await;
        }
        if let Err(misfit) = engine::fit(&mut record, self.saga()) {
            return Box::pin(self.hand_back(Some(&record), misfit.to_string(), now)).await;
        }
        if record.held.is_some() {
            return Box::pin(self.take_over(record, now)).await;
        }
        match engine::said(&mut record, self.saga()) {
            Ok(ended) if ended.is_empty() => {}
            Ok(ended) => return Box::pin(self.transition(record, Event::Ended(ended))).await,
            Err(reason) => return Box::pin(self.refuse_skip(&record, reason)).await,
        }
        if let Some(line) = record.line.as_ref().filter(|_| record.status == Status::Running)
            && !Box::pin(self.stand_in(line, &record)).await
        {
            return;
        }
        match engine::plan(&record, self.saga(), engine::after(now, DUE)) {
            Plan::Nothing => Box::pin(self.rests(record)).await,
            Plan::Wait(until) => Box::pin(self.rest(record, now, Some(until))).await,
            Plan::Look if self.delivery.delivered > u64::from(self.worker.options.lost_limit) => {
                let reason = "its workers die when it has looked for signals; the saga's code after that may be why";
                Box::pin(self.pause(Some(&record), reason.to_owned())).await;
            }
            Plan::Look => Box::pin(self.rest(record, now, None)).await,
            Plan::Unfit(reason) => Box::pin(self.hand_back(Some(&record), reason, now)).await,
            Plan::Begin if self.delivery.delivered > u64::from(self.worker.options.lost_limit) => {
                let reason = "its workers die when they take it up; the saga's code before its first step may be why";
                Box::pin(self.pause(Some(&record), reason.to_owned())).await;
            }
            Plan::Begin => self.transition(record, Event::Begin).await,
            // One more than at the beginning: it has waited, and may have been handed back until its time.
            Plan::Tick if self.delivery.delivered > u64::from(self.worker.options.lost_limit) + 1 => {
                let reason =
                    "its workers die when a timer of it has come to its end; the saga's code after that may be why";
                Box::pin(self.pause(Some(&record), reason.to_owned())).await;
            }
            Plan::Send => Box::pin(self.send_first(record)).await,
            Plan::Tick => self.transition(record, Event::Tick(engine::after(now, DUE))).await,
            Plan::Run(call, _) if self.is_taken_over(&record, call) => {
                let (lost, may_save) = (vec![self.lost(call, true)], self.may_save(call));
                let found = match may_save {
                    true => Box::pin(self.find(record, now)).await,
                    false => Some(record),
                };
                if let Some(record) = found {
                    self.transition(record, Event::Ended(lost)).await;
                }
            }
            Plan::RunAll(calls, _) if calls.iter().all(|call| self.is_taken_over(&record, call)) => {
                let had = calls.iter().take(self.worker.options.concurrency);
                let lost = had.map(|call| self.lost(call, false)).collect();
                self.transition(record, Event::Ended(lost)).await;
            }
            Plan::RunAll(..) => Box::pin(Several::new(self, record, slot).run()).await,
            Plan::Run(call, give_up) => match self.saga().step(&call.step).cloned() {
                Some(step) => {
                    let span = spans::step(call);
                    self.run(record, &step, give_up, now).instrument(span).await;
                }
                None => Box::pin(self.hand_back(Some(&record), format!("unknown step `{}`", call.step), now)).await,
            },
        }
    }

    /// An operator has skipped a step with a value that it can't have: the instance is paused again, without that.
    async fn refuse_skip(&self, record: &Record, reason: String) {
        match record::encode(&*self.worker.options.codec, record) {
            Ok(kept) => {
                tracing::error!(instance = %self.delivery.instance, "paused: {reason}");
                self.pause_with(&kept, Some(record), reason).await;
            }
            Err(error) => self.pause(Some(record), error.to_string()).await,
        }
    }

    /// There is nothing to do before a time, unless there is mail that the record waits for; without a time, it goes on also if there is none.
    async fn rest(&self, record: Box<Record>, now: Timestamp, until: Option<Timestamp>) {
        let rested = match until {
            Some(until) => self.take_children_first(record).await.map(|waits| waits.map(|_| until)),
            None => match self.look(&record).await {
                Ok(looked) => return self.transition(record, Event::Looked(looked)).await,
                Err(error) => Err(error),
            },
        };
        match rested {
            Ok(None) => {}
            Ok(Some(until)) if until == Timestamp::MAX => self.delivery.handle.ack().await,
            Ok(Some(until)) => self.wait(now, until).await,
            Err(error) => {
                tracing::warn!(instance = %self.delivery.instance, "its mail can't be read; the record comes again: {error}");
                self.delivery.handle.nak(std::time::Duration::from_secs(1)).await;
            }
        }
    }

    /// Goes on with a record whose holder is gone.
    async fn take_over(&self, record: Box<Record>, now: Timestamp) {
        let lost = self.lost_with_holder(&record, now);
        if let Some(record) = self.sent(record).await {
            self.transition(record, Event::Ended(lost)).await;
        }
    }

    /// The attempts that were lost with the holder of a record.
    fn lost_with_holder(&self, record: &Record, now: Timestamp) -> Vec<Ended> {
        let mut ran = Vec::new();
        if let (Some(frame), Some(held)) = (&record.frame, &record.held) {
            frame.calls(&mut |call| {
                if held.runs.contains(&call.occurrence) && call.not_before.is_none_or(|time| time <= now) {
                    ran.push(call);
                }
            });
        }
        ran.iter().map(|call| self.lost(call, ran.len() == 1)).collect()
    }

    /// The attempt that a lost worker has made, or perhaps made.
    fn lost(&self, call: &StepCall, alone: bool) -> Ended {
        let (limit, instance) = (self.worker.options.lost_limit, &self.delivery.instance);
        let (step, attempt, lost) = (&call.step, call.attempt, call.lost.saturating_add(1));
        tracing::warn!(%instance, step, attempt, lost, "taken over: the worker that had this attempt is gone");
        if lost >= limit && alone {
            tracing::error!(
                %instance, step, attempt, lost,
                "this attempt counts as failed: so many workers in a row have died or gone silent during it; the step may be what kills them"
            );
            self.meters().step(step).into_iter().for_each(|meters| meters.failed(FailureKind::WorkerLost));
        }
        leaf::ended(call, Ending::Lost { limit, alone }, 0.0)
    }

    /// Whether a call's step may have saved something.
    fn may_save(&self, call: &StepCall) -> bool {
        self.saga().step(&call.step).is_some_and(|step| step.takes_context())
    }

    /// Whether another worker has had this record and was lost. What is handed back on purpose is a new record
    /// (delivered for the first time), but for one that had to wait. It was handed back until its time, and is
    /// delivered for the second time; or it was parked, and its count has begun anew: then a first loss is not seen
    /// as one, but the second is. It was never handed back twice: see [`wait`](Self::wait).
    fn is_taken_over(&self, record: &Record, call: &StepCall) -> bool {
        let waited = call.not_before.is_some() || record.handed_back.is_some();
        self.delivery.delivered > 1 + u64::from(waited)
    }

    /// Makes the attempt that the record waits for; at the time `give_up` it is dropped where it stands.
    async fn run(
        &mut self,
        record: Box<Record>,
        step: &Arc<StepDefinition>,
        give_up: Option<Timestamp>,
        now: Timestamp,
    ) {
        let reachable = self.worker.alarms.reach(&self.delivery.instance);
        // To be cancelled is another matter: a worker that was lost may have begun this attempt, and then it has to be known what it came to.
        if reachable.is_paused()
            && let Some(number) = Box::pin(self.asked(&record, &reachable)).await.pause
        {
            return Box::pin(self.pause_as_asked(record, number)).await;
        }
        let Some(call) = record.frame.as_ref().and_then(record::Frame::step) else { return };
        let standing = Standing::Last(self.at.revision);
        let progress = step.takes_context().then(|| Progress::new(call.saved.clone(), Some(self.notes_of(call))));
        let whose = Whose {
            instance: &self.delivery.instance,
            standing: &standing,
            trace: record.trace.as_ref(),
            started: record.started,
            progress: progress.as_ref(),
        };
        let lag = engine::until(due(&record, call), now);
        let limit = give_up.map(|time| engine::until(now, time));
        let event = match Box::pin(leaf::make(self.worker, self.meters(), whose, step, call, lag, limit)).await {
            Some(ended) => Event::Ended(vec![ended]),
            None => Event::Tick(give_up.unwrap_or(now)),
        };
        if let Some(progress) = progress {
            self.notes = progress.notes().await;
        }
        let asked = Box::pin(self.asked(&record, &reachable)).await;
        Box::pin(self.transition_as_asked(record, event, asked)).await;
    }

    /// Where the step of a call saves its progress.
    fn notes_of(&self, call: &StepCall) -> Notes {
        Notes {
            instance: self.delivery.instance.clone(),
            of: self.at.revision,
            occurrence: call.occurrence,
            fresh: self.delivery.delivered <= 1,
            transport: self.worker.transport.clone(),
            codec: self.worker.options.codec.clone(),
        }
    }

    /// Moves the instance on.
    pub(super) async fn transition(&self, record: Box<Record>, event: Event) {
        self.transition_as_asked(record, event, Asked::default()).await;
    }

    /// Moves the instance on; then it is cancelled, if it is to be, and still runs; and paused, if it is to be, and has not come to rest.
    pub(super) async fn transition_as_asked(
        &self,
        mut record: Box<Record>,
        event: Event,
        Asked { cancel, pause }: Asked,
    ) {
        let now = self.worker.options.clock.now();
        let mut mail = matches!(event, Event::Mail(_) | Event::Looked(_));
        let mut applied = engine::apply(&mut record, event, self.saga(), now);
        if let (Ok(_), Some(number), Status::Running) = (&applied, cancel, record.status) {
            mail = true;
            let cancel = Letter { number, body: Body::Cancel };
            applied = engine::apply(&mut record, Event::Mail(vec![cancel]), self.saga(), now);
        }
        match (applied, pause) {
            (Ok(_), Some(number)) if !record.status.is_at_rest() => Box::pin(self.pause_as_asked(record, number)).await,
            (Ok(_), _) => {
                let stored = Box::pin(self.append(&record, now)).await;
                // Mail of a saga that has come to its end is of no use, taken or not.
                if stored.is_some() && (mail || (record.status.is_terminal() && !record.taken.is_empty())) {
                    Box::pin(self.discard(&record)).await;
                }
            }
            (Err(Halt::Pause(reason) | Halt::Illegal(reason)), _) => Box::pin(self.halt(reason)).await,
        }
    }

    /// Pauses the instance as its record stands.
    pub(super) async fn halt(&self, reason: String) {
        let known = record::decode(&*self.worker.options.codec, &self.as_it_stands()).ok();
        self.pause(known.as_deref(), reason).await;
    }

    /// A payload that is no record of this format: one of a newer format is another worker's, anything else
    /// never becomes readable.
    async fn unreadable(&self, error: String, now: Timestamp) {
        let codec = &self.worker.options.codec;
        let head = codec.decode(&self.delivery.payload).ok().and_then(|json| engine::head(&json).ok());
        match head {
            // Who waits for its end is told by one who can read it.
            Some(head) if head.format > FORMAT && head.is_terminal() && head.is_waited_for() => {
                self.delivery.handle.nak(self.worker.options.hand_back_delay).await;
            }
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
}

/// When a record's step could begin at the earliest.
pub(super) fn due(record: &Record, call: &StepCall) -> Timestamp {
    let handed_back = record.handed_back.map(|handed_back| handed_back.until);
    let waits = [call.not_before, handed_back];
    waits.into_iter().flatten().fold(record.updated, Timestamp::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<A, B, C, F>(_: impl FnOnce(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn what_is_made_for_each_step_is_small() {
        assert!(size(work) <= 1024, "{} bytes", size(work));
        let append = size(|job: &'static Job<'static>, record: &'static Record, now| job.append(record, now));
        assert!(append <= 1024, "{append} bytes");
    }
}
