//! Where a schedule stands, and what comes next by its rules.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::order::{Order, Spec};
use super::{What, When};

/// Runs that wait for another one to end: no more than so many.
const MOST_WAITING: usize = 100;

/// So late a run may come that is not to be caught up with.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// What is done at a schedule's time while its last run still goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Overlap {
    /// Nothing: that time is skipped.
    #[default]
    Skip,
    /// The run waits until that one has ended (up to a hundred wait, more are skipped).
    Queue,
    /// It is started beside that one.
    Allow,
    /// That one is cancelled, and undone; then it is started.
    CancelOld,
}

/// What is done about times that have passed while no worker was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CatchUp {
    /// One run, for the last of them.
    #[default]
    Last,
    /// A run for each.
    All,
    /// Nothing: a run that is more than a minute late is left out.
    None,
}

/// A run that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    /// It goes on.
    pub(crate) runs: bool,
}

/// A schedule in its instance. **It stands in records for as long as the schedule lives**: what is added needs a default.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) spec: Spec,
    /// Its times up to this one are done with.
    cursor: Timestamp,
    paused: bool,
    run: Option<Run>,
    /// What the last run that has succeeded has returned, as JSON.
    pub(super) last: Option<String>,
    waiting: VecDeque<Timestamp>,
    ready: VecDeque<Tick>,
    back_fill: Option<(Timestamp, Timestamp)>,
    started: u64,
    skipped: u64,
    error: Option<String>,
}

/// A run that is to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tick {
    pub(super) at: Timestamp,
    /// Just this one: it is not asked whether it is late.
    pub(super) exactly: bool,
    /// The run that goes on is to be ended first.
    pub(super) stops: bool,
}

/// Which times are run, and which are not: what a tick comes to at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chosen {
    pub(super) at: Option<Timestamp>,
    /// Up to which time all is done with.
    pub(super) cursor: Timestamp,
    pub(super) missed: u64,
}

/// What is told of a schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Info {
    pub(crate) when: String,
    pub(crate) zone: String,
    pub(crate) saga: String,
    pub(crate) from: Timestamp,
    pub(crate) cursor: Timestamp,
    pub(crate) paused: bool,
    pub(crate) run: Option<Run>,
    pub(crate) started: u64,
    pub(crate) skipped: u64,
    pub(crate) error: Option<String>,
}

impl Plan {
    pub(super) fn new(spec: Spec) -> Self {
        let (waiting, ready, cursor) = (VecDeque::new(), VecDeque::new(), spec.from);
        let (run, last, back_fill, error) = (None, None, None, None);
        Self { spec, cursor, paused: false, run, last, waiting, ready, back_fill, started: 0, skipped: 0, error }
    }

    pub(super) fn info(&self) -> Info {
        let Spec { when, zone, what: What { saga, .. }, from, .. } = self.spec.clone();
        let (cursor, paused, run, error) = (self.cursor, self.paused, self.run.clone(), self.error.clone());
        Info { when, zone, saga, from, cursor, paused, run, started: self.started, skipped: self.skipped, error }
    }

    fn when(&self) -> Option<When> {
        // It was checked before it was stored.
        When::parse(&self.spec.when, &self.spec.zone, self.spec.from).ok()
    }

    /// Its next time.
    pub(super) fn due(&self) -> Option<Timestamp> {
        if self.paused { None } else { self.when()?.next(self.cursor) }
    }

    /// The run that goes on: saga and id.
    pub(super) fn running(&self) -> Option<(String, String)> {
        let run = self.run.as_ref().filter(|run| run.runs)?;
        Some((self.spec.what.saga.clone(), run.id.clone()))
    }

    /// Its time has come. It goes on.
    pub(super) fn tick(&mut self, at: Timestamp) -> bool {
        let runs = self.running().is_some();
        match self.spec.overlap {
            Overlap::Skip if runs => (self.cursor, self.skipped) = (at, self.skipped + 1),
            Overlap::Queue if runs && self.waiting.len() < MOST_WAITING => {
                self.cursor = at;
                self.waiting.push_back(at);
            }
            Overlap::Queue if runs => (self.cursor, self.skipped) = (at, self.skipped + 1),
            overlap => {
                let stops = runs && overlap == Overlap::CancelOld;
                self.ready.push_back(Tick { at, exactly: false, stops });
            }
        }
        true
    }

    /// The run that went on has ended. The schedule goes on.
    pub(super) fn ended(&mut self, output: Option<&str>) -> bool {
        self.run.iter_mut().for_each(|run| run.runs = false);
        if let Some(value) = output.and_then(|output| succeeded(output, self.spec.what.fallible)) {
            self.last = Some(value);
        }
        if let Some(at) = self.waiting.pop_front() {
            self.ready.push_back(Tick { at, exactly: true, stops: false });
        }
        true
    }

    /// An operator wants something. `false`: that it ends.
    pub(super) fn ordered(&mut self, order: Order) -> bool {
        match order {
            // Said again: it goes on with what it has still to do.
            Order::Set(spec) if self.spec.is_like(&spec) => {}
            Order::Set(spec) => {
                self.cursor = spec.from;
                self.spec = *spec;
            }
            Order::Pause => self.paused = true,
            Order::Resume(now) if self.paused => (self.paused, self.cursor) = (false, now.max(self.cursor)),
            Order::Resume(_) => {}
            Order::Trigger(at) => self.ready.push_back(Tick { at, exactly: true, stops: false }),
            Order::BackFill(from, until) => self.back_fill = Some((from, until)),
            Order::Remove => return false,
        }
        true
    }

    /// The next run that is to be started now.
    pub(super) fn take(&mut self) -> Option<Tick> {
        if let Some((from, until)) = self.back_fill {
            let at = self.when().and_then(|when| when.next(from)).filter(|at| *at <= until);
            self.back_fill = at.map(|at| (at, until));
            if let Some(at) = at {
                return Some(Tick { at, exactly: true, stops: false });
            }
        }
        self.ready.pop_front()
    }

    /// What has come of starting a run.
    pub(super) fn fired(&mut self, tick: Tick, chosen: Chosen, id: Option<String>) {
        if !tick.exactly {
            self.cursor = chosen.cursor.max(self.cursor);
        }
        self.skipped += chosen.missed;
        if let (Some(id), Some(at)) = (id, chosen.at) {
            self.started += 1;
            self.error = None;
            // The end of one that was started for a time long ago tells nothing of the last.
            if self.run.as_ref().is_none_or(|run| run.at <= at || !run.runs) {
                self.run = Some(Run { id, at, runs: true });
            }
        }
    }

    /// A run could not be started.
    pub(super) fn failed(&mut self, tick: Tick, error: String) {
        if !tick.exactly {
            self.cursor = tick.at.max(self.cursor);
        }
        (self.skipped, self.error) = (self.skipped + 1, Some(error));
    }
}

impl Spec {
    /// What a time comes to that may have passed long ago.
    pub(super) fn choose(&self, due: Timestamp, now: Timestamp) -> Chosen {
        let one = Chosen { at: Some(due), cursor: due, missed: 0 };
        let Ok(when) = When::parse(&self.when, &self.zone, self.from) else { return one };
        if self.catch_up == CatchUp::All {
            return one;
        }
        let (mut last, mut missed) = (due, 0);
        while let Some(next) = when.next(last).filter(|next| *next <= now) {
            (last, missed) = (next, missed + 1);
        }
        match self.catch_up {
            CatchUp::None if now.duration_since(last) > GRACE => Chosen { at: None, cursor: last, missed: missed + 1 },
            _ => Chosen { at: Some(last), cursor: last, missed },
        }
    }
}

/// What a run has returned, if it has succeeded: without the `Ok`.
fn succeeded(output: &str, fallible: bool) -> Option<String> {
    #[derive(Deserialize)]
    struct Succeeded<'a> {
        #[serde(rename = "Ok", borrow)]
        ok: &'a serde_json::value::RawValue,
    }
    match fallible {
        true => Some(serde_json::from_str::<Succeeded<'_>>(output).ok()?.ok.get().to_owned()),
        false => Some(output.to_owned()),
    }
}
