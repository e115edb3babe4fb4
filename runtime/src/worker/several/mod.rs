//! Steps that one record waits for side by side: run at the same time, in tasks of their own.
//!
//! While some of them run, what has come of the others is made durable by records that the worker *holds* (`held` in the record: by whom, until
//! when): whoever else is given such a record leaves it alone until that time, which the worker moves on as long as it lives. If it is
//! lost, somebody takes the record over then, and only what had not ended is done again.
//!
//! **A step is begun only when the record that makes its call is stored.** What is refused ends it all: somebody else has
//! moved the instance on, and everything that still runs here is dropped.

mod store;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{SemaphorePermit, watch};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::Instrument;

use super::alarm::Reachable;
use super::job::{DUE, Job, due};
use super::leaf::{self, Whose};
use super::settle;
use crate::context::Standing;
use crate::engine::{self, Body, Changes, Ended, Ending, Event, Halt, Letter, Plan};
use crate::machine::panic_text;
use crate::progress::Progress;
use crate::record::{FaultKind, Record, Status, StepCall};
use crate::spans;
use store::THIRDS;

/// So little before its time something is due: clocks are not read at the same instant.
const AT_ONCE: Duration = Duration::from_millis(1);

/// So long nothing is done after mail could not be read.
const UNREADABLE: Duration = Duration::from_millis(200);

/// What a task has come to: the call's occurrence, and how its attempt has ended.
type Joined = Result<(Id, (u64, Option<Ended>)), JoinError>;

/// The steps of one record, side by side.
pub(super) struct Several<'a> {
    job: Job<'a>,
    record: Box<Record>,
    /// So little before its time something is due: more for what the delivery has come for.
    slack: Duration,
    /// What of the record is not stored as it is here.
    changes: Changes,
    /// How many bytes the notes of the stored record have.
    note_bytes: usize,
    /// The calls that the stored record and its notes say to be run.
    named: HashSet<u64>,
    /// When the hold on the stored record is to be renewed; `None`: it is not held, but delivered.
    renew: Option<Instant>,
    /// When it is looked whether steps have saved something, while the record is not held.
    look: Option<Instant>,
    tasks: JoinSet<(u64, Option<Ended>)>,
    /// The tasks by their calls' occurrences.
    running: HashMap<u64, AbortHandle>,
    /// Those of the last attempts that were begun that undo: a compensation by arguments has the occurrence of what it undoes.
    undoing: HashSet<u64>,
    /// What they have saved.
    progress: HashMap<u64, Arc<Progress>>,
    /// What has ended and was not told to the engine yet.
    ended: Vec<Ended>,
    /// One for each attempt.
    permits: Vec<SemaphorePermit<'a>>,
    /// The revision of the stored record, for the attempts to look at.
    last: Arc<AtomicU64>,
    /// By which this is told of mail.
    reachable: Reachable,
    /// Whether attempts have been begun.
    begun: bool,
    /// The queues that have been looked into; `None`: mail may have come since.
    looked: Option<Vec<(String, u64)>>,
}

/// A call that is ready to be made, or is being made.
#[derive(Debug, Clone, Copy)]
struct Ready {
    occurrence: u64,
    /// It is a compensation by arguments.
    undoes: bool,
    /// One more lost worker would be one too many: it is made alone.
    alone: bool,
}

/// What there is to do now.
#[derive(Debug)]
struct Wanted {
    ready: Vec<Ready>,
    /// When there is more to do.
    wake: Option<Timestamp>,
}

impl<'a> Several<'a> {
    pub(super) fn new(job: &Job<'a>, record: Box<Record>, slot: SemaphorePermit<'a>) -> Self {
        let job = Job { at: job.at.clone(), notes: Vec::new(), ..*job };
        let last = Arc::new(AtomicU64::new(job.at.revision.0));
        let reachable = job.worker.alarms.reach(&job.delivery.instance);
        Self {
            job,
            record,
            slack: DUE,
            changes: Changes::Nothing,
            note_bytes: 0,
            named: HashSet::new(),
            renew: None,
            look: None,
            tasks: JoinSet::new(),
            running: HashMap::new(),
            undoing: HashSet::new(),
            progress: HashMap::new(),
            ended: Vec::new(),
            permits: vec![slot],
            last,
            reachable,
            begun: false,
            looked: None,
        }
    }

    /// Runs them until nothing of what the record waits for can be run.
    pub(super) async fn run(mut self) {
        let _counted = Counted::of(&self.job.worker.several);
        loop {
            let ended = std::mem::take(&mut self.ended);
            if !ended.is_empty() && !self.apply(Event::Ended(ended)).await {
                return;
            }
            if !self.take_mail().await {
                return;
            }
            let Some(wanted) = self.wanted().await else { return };
            self.drop_given_up(&wanted.ready).await;
            if !self.ended.is_empty() {
                continue;
            }
            if wanted.ready.is_empty() {
                return self.let_go().await;
            }
            let next = self.next(&wanted.ready);
            let alone = next.first().filter(|call| call.alone).map(|call| call.occurrence);
            let named = alone.is_none_or(|alone| self.named.len() == 1 && self.named.contains(&alone));
            if self.look.is_some_and(|look| look <= Instant::now()) {
                self.look = Some(Instant::now() + self.job.worker.options.ack_wait / THIRDS);
                self.keep_saved();
            }
            let renewed = self.renew.is_none_or(|renew| Instant::now() < renew);
            let is_stored = named && renewed && matches!(self.changes, Changes::Nothing);
            if !is_stored && !self.store(&wanted.ready, alone).await {
                return;
            }
            self.begin(&next);
            self.permits.truncate(self.running.len());
            if self.ended.is_empty() && !self.wait(&wanted).await {
                return self.let_go().await;
            }
        }
    }

    /// Tells the engine of the mail that has come for what is waited for; and, when nothing runs any more, that the instance is to be cancelled. `false`: the
    /// instance is paused by it, or as it was to be.
    async fn take_mail(&mut self) -> bool {
        let looks = engine::looks(&self.record);
        if looks || self.looked.as_ref() != Some(&engine::awaits(&self.record)) {
            match self.job.look(&self.record).await {
                Ok(looked) => {
                    let is_news = looks || !looked.letters.is_empty();
                    if is_news && !self.apply(Event::Looked(looked)).await {
                        return false;
                    }
                }
                Err(error) => {
                    tracing::warn!(instance = %self.job.delivery.instance, "mail can't be read; it is tried again, or its notice comes again: {error}");
                    // What looks for it does so again at once.
                    sleep(UNREADABLE).await;
                }
            }
            self.looked = Some(engine::awaits(&self.record));
        }
        if !self.is_ending() || !self.running.is_empty() {
            return true;
        }
        let asked = self.job.asked(&self.record, &self.reachable).await;
        if let Some(number) = asked.cancel
            && !self.apply(Event::Mail(vec![Letter { number, body: Body::Cancel }])).await
        {
            return false;
        }
        if let Some(number) = asked.pause.filter(|_| !self.record.status.is_at_rest()) {
            self.keep_saved();
            self.job.pause_as_asked(self.record.clone(), number).await;
            return false;
        }
        true
    }

    /// Tells the engine of an event. `false`: the instance is paused by it.
    async fn apply(&mut self, event: Event) -> bool {
        let now = self.job.worker.options.clock.now();
        match engine::apply(&mut self.record, event, self.job.saga(), now) {
            Ok(changed) => {
                self.changes.add(changed);
                true
            }
            Err(Halt::Pause(reason) | Halt::Illegal(reason)) => {
                self.tasks.shutdown().await;
                self.job.halt(reason).await;
                false
            }
        }
    }

    /// What the record wants now; a timer that has come to its end is told to the engine first. `None`: it is paused by that.
    async fn wanted(&mut self) -> Option<Wanted> {
        loop {
            let due = engine::after(self.job.worker.options.clock.now(), self.slack);
            let mut wanted = match engine::plan(&self.record, self.job.saga(), due) {
                Plan::RunAll(calls, wake) => {
                    Wanted { ready: calls.iter().map(|call| self.ready(call)).collect(), wake }
                }
                Plan::Wait(time) => Wanted { ready: Vec::new(), wake: Some(time) },
                Plan::Send => match self.send().await {
                    true => continue,
                    false => return None,
                },
                Plan::Tick => match self.apply(Event::Tick(due)).await {
                    true => continue,
                    false => return None,
                },
                _ => Wanted { ready: Vec::new(), wake: None },
            };
            self.slack = AT_ONCE;
            let known: HashSet<u64> = wanted.ready.iter().map(|call| call.occurrence).collect();
            if self.running.keys().any(|occurrence| !known.contains(occurrence)) {
                // What was begun a little before its time is pending, too; what is not is given up.
                let begun = self.calls(|call| self.running.contains_key(&call.occurrence));
                wanted
                    .ready
                    .extend(begun.iter().filter(|call| !known.contains(&call.occurrence)).map(|call| self.ready(call)));
            }
            return Some(wanted);
        }
    }

    /// Sends what the record wants to have sent, when what says so is stored. `false`: all is over here.
    async fn send(&mut self) -> bool {
        if !matches!(self.changes, Changes::Nothing) && !self.store(&[], None).await {
            return false;
        }
        let sent = self.job.send(&self.record);
        match store::meanwhile(sent, &mut self.tasks, &mut self.running, &mut self.ended).await {
            Ok(sent) => self.apply(Event::Sent(sent)).await,
            Err(why) => {
                let instance = &self.job.delivery.instance;
                tracing::error!(%instance, "its children can't be started or cancelled; the record will be taken over: {why}");
                false
            }
        }
    }

    /// Drops the attempts whose calls are not wanted any more, and waits until they are gone: what undoes them comes after them.
    async fn drop_given_up(&mut self, ready: &[Ready]) {
        let mut given_up = 0;
        self.running.retain(|occurrence, task| {
            let undoes = self.undoing.contains(occurrence);
            let wanted = ready.iter().any(|call| call.occurrence == *occurrence && call.undoes == undoes);
            if !wanted {
                let instance = &self.job.delivery.instance;
                tracing::info!(%instance, occurrence, "an attempt is given up: what it was made for is over");
                task.abort();
                given_up += 1;
            }
            wanted
        });
        while given_up > 0 {
            let Some(joined) = self.tasks.join_next_with_id().await else { return };
            if !self.joined(joined) {
                given_up -= 1;
            }
        }
    }

    /// The calls that may be begun now: all that wait. Those for which one more lost worker would be one too many come last, and alone: when
    /// nothing else waits or runs.
    fn may_begin(&self, ready: &[Ready]) -> Vec<Ready> {
        if self.job.worker.stopping.load(Ordering::Relaxed) || self.is_ending() || self.runs_alone(ready) {
            return Vec::new();
        }
        let waiting: Vec<Ready> =
            ready.iter().copied().filter(|call| !self.running.contains_key(&call.occurrence)).collect();
        let mut next: Vec<Ready> = waiting.iter().copied().filter(|call| !call.alone).collect();
        if next.is_empty() && self.running.is_empty() {
            next.extend(waiting.first());
        }
        next
    }

    /// Which of them to begin, each of which has a permit.
    fn next(&mut self, ready: &[Ready]) -> Vec<Ready> {
        let mut next = self.may_begin(ready);
        while self.permits.len() < self.running.len() + next.len() {
            let Ok(permit) = self.job.worker.slots.try_acquire() else { break };
            self.permits.push(permit);
        }
        next.truncate(self.permits.len().saturating_sub(self.running.len()));
        next
    }

    /// Whether nothing more is begun, as the instance is to be cancelled or paused when what runs has ended.
    ///
    /// To be cancelled, it must have been found out first what became of the attempts that a lost worker may have begun.
    fn is_ending(&self) -> bool {
        let cancelled = self.reachable.is_cancelled() && self.record.status == Status::Running;
        (cancelled && self.begun) || self.reachable.is_paused()
    }

    /// Whether an attempt is being made that nothing may run beside.
    fn runs_alone(&self, ready: &[Ready]) -> bool {
        ready.iter().any(|call| call.alone && self.running.contains_key(&call.occurrence))
    }

    fn ready(&self, call: &StepCall) -> Ready {
        let alone = engine::last_chance(call, self.job.worker.options.lost_limit);
        Ready { occurrence: call.occurrence, undoes: call.undoes, alone }
    }

    /// What steps have saved since the last time goes into the record.
    fn keep_saved(&mut self) {
        self.progress.retain(|occurrence, _| self.running.contains_key(occurrence));
        for (occurrence, progress) in &self.progress {
            if let Some(saved) = progress.take_changed()
                && let Some(frame) = &mut self.record.frame
                && engine::keep(frame, *occurrence, &saved)
            {
                self.changes.add(None);
            }
        }
    }

    /// The pending calls that are looked for.
    fn calls(&self, is: impl Fn(&StepCall) -> bool) -> Vec<StepCall> {
        let mut found = Vec::new();
        if let Some(frame) = &self.record.frame {
            frame.calls(&mut |call| found.extend(Some(call).filter(|call| is(call)).cloned()));
        }
        found
    }

    /// Makes these attempts, each in a task of its own.
    fn begin(&mut self, next: &[Ready]) {
        if next.is_empty() {
            return;
        }
        self.begun = true;
        let next: HashSet<u64> = next.iter().map(|call| call.occurrence).collect();
        for call in self.calls(|call| next.contains(&call.occurrence)) {
            let Some(step) = self.job.saga().step(&call.step).cloned() else { continue };
            let (worker, served) = (self.job.worker.clone(), self.job.served.clone());
            let (last, by, codec) = (self.last.clone(), worker.name.clone(), worker.options.codec.clone());
            let (instance, trace) = (self.job.delivery.instance.clone(), self.record.trace.clone());
            let started = self.record.started;
            let progress = step.takes_context().then(|| Progress::new(call.saved.clone(), None));
            if progress.is_some() {
                self.look.get_or_insert(Instant::now() + self.job.worker.options.ack_wait / THIRDS);
            }
            self.progress.extend(progress.clone().map(|progress| (call.occurrence, progress)));
            let lag = engine::until(due(&self.record, &call), worker.options.clock.now());
            let (occurrence, undoes, span) = (call.occurrence, call.undoes, spans::step(&call));
            let attempt = async move {
                let standing = Standing::Held { last, by, codec };
                let whose = Whose {
                    instance: &instance,
                    standing: &standing,
                    trace: trace.as_ref(),
                    started,
                    progress: progress.as_ref(),
                };
                let ended = leaf::make(&worker, &served.meters, whose, &step, &call, lag, None).await;
                (call.occurrence, ended)
            };
            let task = self.tasks.spawn(attempt.instrument(span));
            match undoes {
                true => self.undoing.insert(occurrence),
                false => self.undoing.remove(&occurrence),
            };
            self.running.insert(occurrence, task);
        }
    }

    /// Waits until there is something to do. `false`: nothing runs, and nothing can be begun.
    async fn wait(&mut self, wanted: &Wanted) -> bool {
        // A permit is waited for only if something can be begun with it; else this would look again and again.
        let more = !self.may_begin(&wanted.ready).is_empty();
        if self.running.is_empty() && !more {
            return false;
        }
        let now = self.job.worker.options.clock.now();
        let wake = wanted.wake.map(|time| Instant::now() + engine::until(now, time));
        let heartbeat = if self.renew.is_some() { self.renew } else { self.look };
        let wake = [wake, heartbeat].into_iter().flatten().min();
        let far = Instant::now() + Duration::from_secs(3600);
        let mut hurry = self.job.worker.hurry.subscribe();
        tokio::select! {
            biased;
            _ = hurry.wait_for(|hurry| *hurry) => return false,
            Some(joined) = self.tasks.join_next_with_id() => {
                self.joined(joined);
                while let Some(joined) = self.tasks.try_join_next_with_id() {
                    self.joined(joined);
                }
            }
            // Fails when the worker stops, which says so, too.
            permit = self.job.worker.slots.acquire(), if more => self.permits.extend(permit),
            () = self.reachable.rung() => self.looked = None,
            () = sleep_until(wake.unwrap_or(far)) => {}
        }
        self.permits.truncate(self.running.len() + usize::from(self.ended.is_empty() && more));
        true
    }

    /// Keeps what a task has come to. `false`: it was dropped.
    fn joined(&mut self, joined: Joined) -> bool {
        keep(&mut self.running, &mut self.ended, joined)
    }

    /// Nothing more can be run here: the record is stored, for whoever goes on.
    async fn let_go(mut self) {
        self.keep_saved();
        self.tasks.shutdown().await;
        if self.renew.is_some() || !matches!(self.changes, Changes::Nothing) {
            let now = self.job.worker.options.clock.now();
            self.record.held = None;
            self.job.append(&self.record, now).await;
        } else {
            settle::hand_over(self.job.worker, self.job.delivery, false).await;
        }
    }
}

/// Dropped, it counts one less.
struct Counted<'a>(&'a watch::Sender<usize>);

impl<'a> Counted<'a> {
    fn of(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

fn keep(running: &mut HashMap<u64, AbortHandle>, ended: &mut Vec<Ended>, joined: Joined) -> bool {
    let end = match joined {
        Ok((_, (occurrence, end))) => running.remove(&occurrence).and(end),
        Err(error) => {
            let occurrence =
                running.iter().find(|(_, task)| task.id() == error.id()).map(|(occurrence, _)| *occurrence);
            occurrence.and_then(|occurrence| {
                running.remove(&occurrence);
                let panic = error.try_into_panic().ok()?;
                let ending = Ending::Fault(FaultKind::Panicked, panic_text(&*panic));
                Some(Ended {
                    of: occurrence,
                    ending,
                    chance: [fastrand::f64(), fastrand::f64()],
                    failure_rate: 0.0,
                    saved: None,
                })
            })
        }
    };
    let known = end.is_some();
    ended.extend(end);
    known
}
