//! Limits of a step within one worker: so many attempts at a time, and so many in a time.
//!
//! An attempt above a limit is not made now: its instance waits for a while, as its record says, and holds nothing meanwhile. The rate is kept by the *generic cell rate algorithm*
//! (ITU-T I.371): with *n* attempts per period *T*, an attempt is due *T / n* after the one before, and may come up to *T − T / n* before it is due, so that *n* may come at once.
//! Whoever is too early gets the time that is its turn, and keeps it. How long one waits for another to end is estimated: by how long attempts took lately, and how many wait already.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::definition::{Limits, Rate};
use crate::transport::InstanceId;

/// The shortest and the longest wait for others to end.
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(30);

/// Whoever has not come for so long after its time went elsewhere.
const GONE: Duration = Duration::from_secs(60);

/// The weight of the last attempt in the mean of how long they take.
const WEIGHT: f64 = 0.1;

/// The limits of one step in this worker.
#[derive(Debug, Clone)]
pub(super) struct Limiter(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    limits: Limits,
    running: usize,
    /// How long attempts have taken lately, in seconds.
    mean: f64,
    /// When an attempt is due that comes next.
    due: Option<Instant>,
    /// Those that were sent away, by instance and call: when they are to come again, and whether they have their turn then.
    waiting: HashMap<(InstanceId, u64), (Instant, bool)>,
}

/// An attempt that is being made within its limits.
#[derive(Debug)]
pub(super) struct Permit {
    of: Limiter,
    begun: Instant,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        let (running, mean, due, waiting) = (0, 0.0, None, HashMap::new());
        Self(Arc::new(Mutex::new(State { limits, running, mean, due, waiting })))
    }

    /// Asks to make an attempt of a call.
    ///
    /// # Errors
    ///
    /// How long to wait before asking again.
    pub(super) fn admit(&self, instance: &InstanceId, call: u64, now: Instant) -> Result<Permit, Duration> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (instance.clone(), call);
        let has_turn = state.waiting.get(&key).is_some_and(|(at, turn)| *turn && *at <= now);
        if !has_turn && let Some(wait) = state.too_early(now) {
            state.wait(key, now + wait, true);
            return Err(wait);
        }
        if let Some(wait) = state.too_many() {
            // Its turn in time stays its own.
            let turn = state.limits.rate.is_some();
            state.wait(key, now + wait, turn);
            return Err(wait);
        }
        state.waiting.remove(&key);
        state.running += 1;
        Ok(Permit { of: self.clone(), begun: now })
    }
}

impl State {
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
    fn too_many(&self) -> Option<Duration> {
        let most = self.limits.concurrency.filter(|most| self.running >= *most)?;
        let before = self.waiting.len() / most + 1;
        // Neither is exact in a float, and need not be.
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let estimate = Duration::from_secs_f64((self.mean * before as f64).min(LONGEST.as_secs_f64()));
        Some(estimate.clamp(SHORTEST, LONGEST))
    }

    fn wait(&mut self, key: (InstanceId, u64), until: Instant, turn: bool) {
        // Those that went to another worker, or were given up.
        if self.waiting.len() >= 64 && self.waiting.len().is_power_of_two() {
            let now = Instant::now();
            self.waiting.retain(|_, (at, _)| *at + GONE > now);
        }
        self.waiting.insert(key, (until, turn));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.running -= 1;
        let took = self.begun.elapsed().as_secs_f64();
        state.mean = if state.mean == 0.0 { took } else { state.mean + WEIGHT * (took - state.mean) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(number: u64) -> InstanceId {
        InstanceId::new("order", number.to_string()).expect("a valid id")
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_at_a_time() {
        let limiter = Limiter::new(Limits { concurrency: Some(2), rate: None });
        let now = Instant::now;
        let (first, _second) = (limiter.admit(&instance(1), 1, now()), limiter.admit(&instance(2), 1, now()));
        assert!(limiter.admit(&instance(3), 1, now()).is_err());
        tokio::time::advance(Duration::from_secs(4)).await;
        drop(first);
        let third = limiter.admit(&instance(3), 1, now());
        assert!(third.is_ok());
        // By how long the first has taken.
        assert_eq!(limiter.admit(&instance(4), 1, now()).unwrap_err(), Duration::from_secs(4));
    }

    /// The first ones at once, the others at their times; and who comes at its time is made, whoever else has come meanwhile.
    #[tokio::test(start_paused = true)]
    async fn so_many_in_a_time() {
        let rate = Rate { count: 4, per: Duration::from_secs(1) };
        let limiter = Limiter::new(Limits { concurrency: None, rate: Some(rate) });
        let begun = Instant::now();
        let mut waits = Vec::new();
        for number in 0..8 {
            match limiter.admit(&instance(number), 1, Instant::now()) {
                Ok(_) => waits.push(0),
                Err(wait) => waits.push(wait.as_millis()),
            }
        }
        assert_eq!(waits, [0, 0, 0, 0, 250, 500, 750, 1000]);
        tokio::time::advance(Duration::from_millis(250)).await;
        assert!(limiter.admit(&instance(4), 1, Instant::now()).is_ok());
        // One that is new comes after all who wait.
        assert_eq!(limiter.admit(&instance(9), 1, Instant::now()).unwrap_err().as_millis(), 1000);
        tokio::time::advance(Duration::from_millis(250)).await;
        assert!(limiter.admit(&instance(5), 1, Instant::now()).is_ok());
        assert!(limiter.admit(&instance(7), 1, Instant::now()).is_err(), "it has come before its time");
        assert_eq!(begun.elapsed(), Duration::from_millis(500));
    }
}
