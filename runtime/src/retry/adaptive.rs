//! The circuit breaker of [`Backoff::Adaptive`](super::Backoff::Adaptive): one per step, shared by a worker's instances.
//!
//! The failure rate *f* is an exponentially weighted mean over the step's attempts in this worker: f' = f + α (x − f),
//! x = 1 for a failed attempt and 0 for any other, α = 2 ÷ (20 + 1), so that the last 20 attempts carry about 86 % of
//! the weight (the weighting that "a mean over 20" has in statistics). It says nothing before [`FEWEST`] attempts.
//!
//! * *closed*: every attempt is made. It opens when, after a failure, f has reached the threshold.
//! * *open*: no attempt is made, until T = base ÷ (1 − f) has passed; then it is
//! * *half-open*: one attempt (the probe) is made. If it succeeds, the breaker closes and forgets; if it fails, it is
//!   open for another T. A probe of which nothing is heard for T is given up, and another may be made.

use std::time::Duration;

use tokio::time::Instant;

use super::schedule::stretched;

const WEIGHT: f64 = 2.0 / 21.0;

/// So many attempts must have been seen before the breaker opens.
const FEWEST: u32 = 5;

/// The breaker of one step.
#[derive(Debug)]
pub(crate) struct Breaker {
    base: Duration,
    threshold: f64,
    failure_rate: f64,
    seen: u32,
    /// When the next probe may be made; none while the breaker is closed.
    probe_at: Option<Instant>,
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Make it.
    Go,
    /// The breaker is open: not before this time has passed.
    Wait(Duration),
}

impl Breaker {
    pub(crate) fn new(base: Duration, threshold: f64) -> Self {
        Self { base, threshold, failure_rate: 0.0, seen: 0, probe_at: None }
    }

    /// Asks to make an attempt. While the breaker is open, `Go` makes the caller's attempt the probe.
    pub(crate) fn admit(&mut self, now: Instant) -> Admission {
        match self.probe_at {
            None => Admission::Go,
            Some(at) if at > now => Admission::Wait(at - now),
            Some(_) => {
                self.probe_at = Some(now + self.delay());
                Admission::Go
            }
        }
    }

    /// Takes note of how an attempt ended.
    pub(crate) fn ended(&mut self, failed: bool, now: Instant) {
        if self.probe_at.is_some() && !failed {
            // What was before the recovery says nothing of what comes after it.
            *self = Self::new(self.base, self.threshold);
            return;
        }
        self.seen = self.seen.saturating_add(1);
        self.failure_rate += WEIGHT * (f64::from(u8::from(failed)) - self.failure_rate);
        if failed && (self.probe_at.is_some() || self.is_due()) {
            self.probe_at = Some(now + self.delay());
        }
    }

    /// The failure rate of the recent attempts, 0 to 1.
    pub(crate) fn failure_rate(&self) -> f64 {
        self.failure_rate
    }

    fn is_due(&self) -> bool {
        self.seen >= FEWEST && self.failure_rate >= self.threshold
    }

    fn delay(&self) -> Duration {
        stretched(self.base, self.failure_rate)
    }
}
