//! Limits of a step: so many attempts at a time, and so many in a time; within one worker, or over all that share them ([`shares`]).
//!
//! An attempt above a limit is not made now: its instance waits for a while, as its record says, and holds nothing meanwhile. The rate is kept by the *generic cell rate algorithm*
//! (ITU-T I.371): with *n* attempts per period *T*, an attempt is due *T / n* after the one before, and may come up to *T − T / n* before it is due, so that *n* may come at once.
//! Whoever is too early gets the time that is its turn, and keeps it. How long one waits for another to end is estimated: by how long attempts took lately, and how many wait already.

mod ledger;
mod shares;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::Client;
use crate::definition::{Limits, Rate};
use crate::record::StepCall;
use crate::transport::{InstanceId, InvalidId};
use ledger::{LEASE, MARGIN};
use shares::{Granted, LIMIT, Shares};

/// The shortest and the longest wait for others to end.
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(30);

/// Whoever has a turn and has not come for so long after its time went elsewhere.
const GONE: Duration = Duration::from_secs(60);

/// The same for whoever has none; so often those are looked for.
const PRUNED: Duration = Duration::from_millis(100);

/// The weight of the last attempt in the mean of how long they take.
const WEIGHT: f64 = 0.1;

/// How long an attempt waits when its worker could not get at what it shares with others, or has just found that there is no more.
const SHARED_AGAIN: Duration = Duration::from_millis(200);

/// So often a worker sees to its part of a shared limit …
const SEEN_TO: Duration = Duration::from_millis(200);

/// … and renews what ends within this time.
const RENEW: Duration = Duration::from_secs(10);

/// Turns are taken for this time in advance, no more than so many.
const AHEAD: Duration = Duration::from_millis(100);
const MOST_AHEAD: u32 = 100;

/// A turn that was taken in advance and not used for so long is lost.
const STALE: Duration = Duration::from_secs(1);

/// The limits of one step in this worker.
#[derive(Debug, Clone)]
pub(super) struct Limiter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    /// Set if all workers share them.
    shares: Option<Shares>,
}

#[derive(Debug)]
struct State {
    limits: Limits,
    running: usize,
    /// How long attempts have taken lately, in seconds.
    mean: f64,
    /// When an attempt is due that comes next.
    due: Option<Instant>,
    /// Those that were sent away, by instance and call: when they are to come again, and whether they have their turn then.
    waiting: HashMap<Key, (Instant, bool)>,
    /// When those were last taken out that don't wait any more.
    pruned: Option<Instant>,
    part: Part,
}

/// This worker's part of shared limits.
#[derive(Debug, Default)]
struct Part {
    /// So many attempts at a time …
    permits: usize,
    /// … until then.
    until: Option<Instant>,
    /// The most that were made at a time since somebody has seen to it.
    used: usize,
    turns: VecDeque<Instant>,
    /// So many attempts wait here for what they lack.
    asking: u32,
    /// There was no more before this time.
    none_before: Option<Instant>,
    /// A task sees to it.
    kept: bool,
}

/// An instance, and the number of its call.
type Key = (InstanceId, u64);

/// An attempt can't be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) time: Duration,
    /// Whether it is its turn then, in whichever worker.
    pub(super) turn: bool,
}

/// An attempt that is being made within its limits.
#[derive(Debug)]
pub(super) struct Permit {
    of: Limiter,
    begun: Instant,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        Self::with(limits, None)
    }

    /// Limits that all workers share: of this step, by a worker of this name.
    pub(super) fn shared(limits: Limits, step: &str, by: &str, client: Client) -> Result<Self, InvalidId> {
        let instance = InstanceId::new(LIMIT, step)?;
        Ok(Self::with(limits, Some(Shares::new(client, instance, by.to_owned(), limits))))
    }

    fn with(limits: Limits, shares: Option<Shares>) -> Self {
        let (running, mean, due, waiting, part) = (0, 0.0, None, HashMap::new(), Part::default());
        let state = Mutex::new(State { limits, running, mean, due, waiting, pruned: None, part });
        Self(Arc::new(Inner { state, shares }))
    }

    /// Asks to make an attempt of a call.
    ///
    /// # Errors
    ///
    /// How long to wait before asking again.
    pub(super) async fn admit(&self, instance: &InstanceId, call: &StepCall) -> Result<Permit, Wait> {
        let key = (instance.clone(), call.occurrence);
        let Some(shares) = &self.0.shares else { return self.admit_here(key, Instant::now()) };
        self.take(shares, call.turn).await;
        self.admit_of_part(key, call.turn, Instant::now())
    }

    /// The limits are this worker's own.
    fn admit_here(&self, key: Key, now: Instant) -> Result<Permit, Wait> {
        let mut state = self.state();
        if !state.has_turn(&key, now)
            && let Some(wait) = state.too_early(now)
        {
            // It is its turn in this worker.
            return Err(state.wait(key, now, wait, true));
        }
        let most = state.limits.concurrency;
        self.begin(&mut state, key, most, now)
    }

    /// The limits are this worker's part.
    fn admit_of_part(&self, key: Key, has_turn: bool, now: Instant) -> Result<Permit, Wait> {
        let mut state = self.state();
        if state.limits.rate.is_some() && !has_turn {
            while state.part.turns.pop_front_if(|turn| *turn + STALE < now).is_some() {}
            let Some(turn) = state.part.turns.pop_front() else {
                return Err(state.wait(key, now, SHARED_AGAIN, false));
            };
            let wait = turn.saturating_duration_since(now);
            if !wait.is_zero() {
                return Err(Wait { time: wait, turn: true });
            }
        }
        let most = state.limits.concurrency.map(|_| state.permits(now));
        self.begin(&mut state, key, most, now)
    }

    fn begin(&self, state: &mut State, key: Key, most: Option<usize>, now: Instant) -> Result<Permit, Wait> {
        if let Some(most) = most
            && let Some(wait) = state.too_many(most, now)
        {
            // Others have it all.
            let wait = if most == 0 { wait.max(SHARED_AGAIN) } else { wait };
            // Its turn in time stays its own: here, or wherever it comes to.
            let has_turn = state.limits.rate.is_some();
            let wait = state.wait(key, now, wait, has_turn && self.0.shares.is_none());
            return Err(Wait { turn: has_turn && self.0.shares.is_some(), ..wait });
        }
        state.waiting.remove(&key);
        state.running += 1;
        state.part.used = state.part.used.max(state.running);
        Ok(Permit { of: self.clone(), begun: now })
    }

    /// Takes what this attempt lacks of what is shared. Those that come meanwhile wait here, and their turns are taken together.
    async fn take(&self, shares: &Shares, has_turn: bool) {
        let Some(_asking) = Asking::begin(self, has_turn) else { return };
        let mut known = shares.lock().await;
        let lacks = self.state().lacks(has_turn, Instant::now());
        let Some((permits, turns)) = lacks else { return };
        let granted = shares.take(&mut known, permits, turns).await;
        if let Err(why) = &granted {
            tracing::warn!(limit = %shares.instance(), "a limit that all workers share can't be asked; attempts wait: {why}");
        }
        let mut state = self.state();
        state.note(granted, permits);
        if !state.part.kept && state.part.permits > 0 {
            state.part.kept = true;
            tokio::spawn(keep(self.clone()));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees to a worker's part of what is shared, for as long as it has one: renews it, and gives back what it has no use for; all of it, when the worker is gone.
async fn keep(limiter: Limiter) {
    let Some(shares) = &limiter.0.shares else { return };
    loop {
        sleep(SEEN_TO).await;
        let is_gone = Arc::strong_count(&limiter.0) == 1;
        let (wanted, renews) = {
            let mut state = limiter.state();
            let wanted = if is_gone { 0 } else { state.part.used };
            state.part.used = state.running;
            let ends = state.part.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
            let gives_back = wanted < state.part.permits;
            if gives_back {
                // From here on: what is begun while others may be given it would be too many.
                state.part.permits = wanted;
            }
            (wanted, gives_back || ends < RENEW)
        };
        if renews {
            let mut known = shares.lock().await;
            let granted = shares.take(&mut known, wanted, 0).await;
            if let Err(why) = &granted {
                tracing::warn!(limit = %shares.instance(), "a limit that all workers share can't be seen to now; that is tried again: {why}");
            }
            limiter.state().note(granted, wanted);
        }
        let mut state = limiter.state();
        if is_gone || state.part.permits == 0 {
            state.part.kept = false;
            return;
        }
    }
}

/// An attempt that waits for what it lacks.
struct Asking<'l>(&'l Limiter);

impl<'l> Asking<'l> {
    /// None if it lacks nothing.
    fn begin(limiter: &'l Limiter, has_turn: bool) -> Option<Self> {
        let mut state = limiter.state();
        state.lacks(has_turn, Instant::now())?;
        state.part.asking += 1;
        Some(Self(limiter))
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.state().part.asking -= 1;
    }
}

impl State {
    /// What a worker has to take of what is shared before this attempt can be made: a part of which size, and how many turns.
    fn lacks(&self, has_turn: bool, now: Instant) -> Option<(usize, u32)> {
        if self.part.none_before.is_some_and(|time| now < time) {
            return None;
        }
        let lacks_turn = self.limits.rate.filter(|_| !has_turn && self.part.turns.is_empty());
        let lacks_permit = self.limits.concurrency.is_some() && self.running >= self.permits(now);
        let turns = lacks_turn.map_or(0, |Rate { count, per }| {
            let ahead = f64::from(count) * AHEAD.as_secs_f64() / per.as_secs_f64();
            // It is between 1 and 100.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is small")]
            let ahead = ahead.clamp(1.0, f64::from(MOST_AHEAD)) as u32;
            ahead.max(self.part.asking.min(MOST_AHEAD))
        });
        let permits = match lacks_permit {
            true => self.running + 1 + self.waiting.len(),
            false => self.part.permits,
        };
        (lacks_permit || turns > 0).then_some((permits, turns))
    }

    /// How many attempts this worker may make at a time, of what is shared.
    fn permits(&self, now: Instant) -> usize {
        self.part.until.map_or(0, |until| if now < until { self.part.permits } else { 0 })
    }

    /// Notes what this worker has of what is shared.
    fn note(&mut self, granted: Result<Granted, String>, wanted: usize) {
        match granted {
            Ok(Granted { permits, at, turns }) => {
                self.part.permits = permits;
                self.part.until = Some(at + LEASE.saturating_sub(MARGIN));
                self.part.turns.extend(turns);
                let too_few = permits < wanted && permits <= self.running;
                self.part.none_before = too_few.then(|| Instant::now() + SHARED_AGAIN / 4);
            }
            Err(_) => self.part.none_before = Some(Instant::now() + SHARED_AGAIN),
        }
    }

    /// Whether it is the turn of an attempt that has waited for it.
    fn has_turn(&self, key: &Key, now: Instant) -> bool {
        self.waiting.get(key).is_some_and(|(at, turn)| *turn && *at <= now)
    }

    /// How long it is until the next attempt may be made, by the rate. If it may be made now, or gets its turn, that is counted.
    fn too_early(&mut self, now: Instant) -> Option<Duration> {
        let Rate { count, per } = self.limits.rate?;
        let interval = per / count;
        let due = self.due.map_or(now, |due| due.max(now));
        self.due = Some(due + interval);
        let at_once = per.saturating_sub(interval);
        due.saturating_duration_since(now).checked_sub(at_once).filter(|wait| !wait.is_zero())
    }

    /// How long it may take until others have ended, if there are as many as may be.
    fn too_many(&mut self, most: usize, now: Instant) -> Option<Duration> {
        if self.running < most {
            return None;
        }
        // Those that have their turn here stay; all others have gone elsewhere, or were given up.
        if self.pruned.is_none_or(|pruned| pruned + PRUNED < now) {
            self.waiting.retain(|_, (at, turn)| *at + if *turn { GONE } else { PRUNED } > now);
            self.pruned = Some(now);
        }
        let before = self.waiting.len() / most.max(1) + 1;
        // Neither is exact in a float, and need not be.
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let estimate = Duration::from_secs_f64((self.mean * before as f64).min(LONGEST.as_secs_f64()));
        Some(estimate.clamp(SHORTEST, LONGEST))
    }

    /// It is to come again after this time.
    fn wait(&mut self, key: Key, now: Instant, time: Duration, turn: bool) -> Wait {
        self.waiting.insert(key, (now + time, turn));
        Wait { time, turn: false }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.of.state();
        state.running -= 1;
        let took = self.begun.elapsed().as_secs_f64();
        state.mean = if state.mean == 0.0 { took } else { state.mean + WEIGHT * (took - state.mean) };
    }
}
