//! What happened in a run, in order: what the checks judge, and what stories and diagrams tell.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::record::{Status, StepCall, Value};
use crate::transport::{InstanceId, Log};

/// The journal of one run.
#[derive(Debug)]
pub(super) struct Journal {
    begun: Instant,
    pages: Mutex<Pages>,
}

/// What stands in it.
#[derive(Debug, Default, Clone)]
pub(super) struct Pages {
    pub(super) entries: Vec<(Duration, Entry)>,
    pub(super) attempts: Vec<Attempted>,
    /// How many attempts are being made now.
    pub(super) running: usize,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// A client has started an instance.
    Started(InstanceId),
    /// An attempt has ended.
    Ended(usize),
    /// A worker has got a delivery.
    Delivered { number: u32, worker: u32, waits: String },
    /// A worker has stored a record.
    Stored { number: u32, worker: u32, instance: InstanceId, now: Standing, note: Option<String> },
    /// A worker has stored a note beside its record.
    Noted { number: u32, worker: u32 },
    /// A worker has told an instance something.
    Posted { number: u32, worker: u32, instance: InstanceId, name: String },
    /// A worker has written a line into a log.
    Logged { number: u32, worker: u32, instance: InstanceId, log: Log },
    /// What a worker wanted to store came too late.
    Refused { number: u32, worker: u32, instance: InstanceId },
    /// A worker has died.
    Crashed { worker: u32, at: String },
    /// Another one has taken its place.
    Replaced { worker: u32 },
    /// A fault of the plan that is no crash.
    Fault(String),
}

/// How an instance stands after a record.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) status: Status,
    /// What it waits for, in words.
    pub(super) waits: String,
    /// Why it is stuck, paused, or fails.
    pub(super) reason: Option<String>,
    /// Whether it has failed by a fault, and not by an error of its own.
    pub(super) fault: bool,
    /// What it came to, as JSON.
    pub(super) output: Option<Value>,
    /// It is at rest, and somebody has still to take its record up, to tell others what stands in it.
    pub(super) tells: bool,
}

/// One attempt of a step.
#[derive(Debug, Clone)]
pub(super) struct Attempted {
    pub(super) instance: InstanceId,
    pub(super) worker: u32,
    /// The idempotency key without the instance.
    pub(super) key: String,
    /// The name of the call. It is its key, but for a compensation that shares the key of what it undoes: there the compensating step
    /// stands in it (`charge:refund/3`), as in the keys of all others.
    pub(super) call: String,
    pub(super) step: &'static str,
    pub(super) args: Value,
    pub(super) attempt: u32,
    pub(super) began: Duration,
    pub(super) ended: Option<Duration>,
    pub(super) ending: Ending,
    /// The same attempt has been made before.
    pub(super) again: bool,
    /// How the world was before it and after it.
    pub(super) before: Option<Arc<str>>,
    pub(super) after: Option<Arc<str>>,
    /// No other attempt was being made at the same time.
    pub(super) alone: bool,
    /// The plan or a mock has taken the place of its body, or a part of it.
    pub(super) instead: Option<&'static str>,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub(super) enum Ending {
    /// It is being made, or will never end.
    Open,
    /// It was dropped where it stood: its worker has died, or its time was over.
    Dropped,
    Output {
        output: Value,
        error: Option<String>,
    },
    Panicked(String),
    Unsavable(String),
}

impl Ending {
    pub(super) fn is_success(&self) -> bool {
        matches!(self, Self::Output { error: None, .. })
    }
}

impl Journal {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), pages: Mutex::default() }
    }

    pub(super) fn write(&self, entry: Entry) {
        let at = self.begun.elapsed();
        self.pages().entries.push((at, entry));
    }

    /// An attempt begins. Returns its place, and the name of its call.
    pub(super) fn begin(
        &self,
        instance: &InstanceId,
        worker: u32,
        step: &'static str,
        call: &StepCall,
        world: Option<Arc<str>>,
    ) -> (usize, String) {
        let at = self.begun.elapsed();
        let key = format!("{}/{}", call.site, call.occurrence);
        let mut pages = self.pages();
        let mut of_key = pages.attempts.iter().filter(|made| made.key == key && made.instance == *instance);
        let name = match of_key.clone().next() {
            Some(first) if first.step != step => format!("{}:{step}/{}", call.site, call.occurrence),
            _ => key.clone(),
        };
        let again = of_key.any(|made| made.step == step && made.attempt == call.attempt);
        let alone = pages.running == 0;
        if !alone {
            pages.attempts.iter_mut().filter(|made| made.ended.is_none()).for_each(|made| made.alone = false);
        }
        pages.running += 1;
        let index = pages.attempts.len();
        pages.attempts.push(Attempted {
            instance: instance.clone(),
            worker,
            key,
            call: name.clone(),
            step,
            args: call.args.clone(),
            attempt: call.attempt,
            began: at,
            ended: None,
            ending: Ending::Open,
            again,
            before: world,
            after: None,
            alone,
            instead: None,
        });
        (index, name)
    }

    /// What has taken the place of the body of an attempt.
    pub(super) fn instead(&self, index: usize, what: &'static str) {
        self.pages().attempts[index].instead = Some(what);
    }

    /// An attempt has ended.
    pub(super) fn end(&self, index: usize, ending: Ending, world: Option<Arc<str>>) {
        let at = self.begun.elapsed();
        let mut pages = self.pages();
        pages.running -= 1;
        let attempt = &mut pages.attempts[index];
        (attempt.ended, attempt.ending, attempt.after) = (Some(at), ending, world);
        pages.entries.push((at, Entry::Ended(index)));
    }

    pub(super) fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    /// What has ended between the last delivery or record of this worker and now: the attempts whose results the coming record holds.
    pub(super) fn ended_since_last(&self, worker: u32) -> Vec<usize> {
        let mut ended = Vec::new();
        for (_, entry) in self.entries.iter().rev() {
            match entry {
                Entry::Ended(index) if self.attempts[*index].worker == worker => ended.push(*index),
                Entry::Stored { worker: of, .. }
                | Entry::Noted { worker: of, .. }
                | Entry::Refused { worker: of, .. }
                    if *of == worker =>
                {
                    break;
                }
                _ => {}
            }
        }
        ended.reverse();
        ended
    }
}
