//! When the next attempt is made: the arithmetic of the policies, pure and saturating.

use std::time::Duration;

use super::{Backoff, Jitter, RetryPolicy};

/// No delay is longer than this, whatever the policy says: ten years, so that times can be added without overflow.
const MOST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// The greatest failure rate that stretches an adaptive delay: T is at most 100 × base.
const MOST_FAILURES: f64 = 0.99;

/// What a delay depends on, besides the policy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past {
    /// The delay before the attempt that has failed, before jitter; none if that was the first attempt.
    pub previous: Option<Duration>,
    /// The attempt that has failed, from 1.
    pub attempt: u32,
    /// How much time has passed since the first attempt could begin.
    pub elapsed: Duration,
    /// The failure rate of the step's recent attempts in this worker, 0 to 1.
    pub failure_rate: f64,
    /// The delay that the error of the attempt has asked for: it takes the place of the policy's (without jitter, and
    /// within `max_delay`), which grows on as if it had not been asked for.
    pub asked: Option<Duration>,
}

/// The delay before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delay {
    /// How long to wait.
    pub wait: Duration,
    /// What the delay after it grows from: *T* before jitter (with [`Jitter::Decorrelated`], the wait itself).
    pub base: Duration,
}

/// The delay before the next attempt, or `None` if the policy allows no other. `chance` holds two independent random
/// numbers in [0, 1): one for the growth, one for the jitter.
pub(crate) fn next_delay(policy: &RetryPolicy, past: Past, chance: [f64; 2]) -> Option<Delay> {
    if policy.max_attempts.is_some_and(|most| past.attempt >= most) {
        return None;
    }
    let most = policy.max_delay.unwrap_or(MOST).min(MOST);
    let grown = grown(policy.backoff, past, chance[0])?.min(most);
    let delay = match policy.jitter {
        Jitter::None => Delay { wait: grown, base: grown },
        Jitter::Full => Delay { wait: times(grown, chance[1]), base: grown },
        Jitter::Equal => Delay { wait: times(grown, 0.5 + chance[1] / 2.0), base: grown },
        Jitter::Decorrelated => {
            let base = first(policy.backoff)?;
            let ceiling = past.previous.unwrap_or(base).saturating_mul(3);
            let wait = base.saturating_add(times(ceiling.saturating_sub(base), chance[1])).min(most);
            Delay { wait, base: wait }
        }
    };
    let delay = Delay { wait: past.asked.map_or(delay.wait, |asked| asked.min(most)), ..delay };
    let late = policy.max_elapsed.is_some_and(|most| past.elapsed.saturating_add(delay.wait) > most);
    (!late).then_some(delay)
}

/// *T*: the delay that the back-off itself asks for.
fn grown(backoff: Backoff, past: Past, chance: f64) -> Option<Duration> {
    let first = first(backoff)?;
    if let Backoff::Adaptive { base, .. } = backoff {
        return Some(stretched(base, past.failure_rate));
    }
    let Some(previous) = past.previous else { return Some(first) };
    Some(match backoff {
        Backoff::Linear { increment, .. } => previous.saturating_add(increment),
        Backoff::Exponential { factor, .. } => times(previous, 1.0 + factor),
        Backoff::Random { spread, .. } => previous.saturating_add(times(spread, chance)),
        Backoff::Never | Backoff::Fixed { .. } | Backoff::Adaptive { .. } => first,
    })
}

/// The delay after the first attempt.
fn first(backoff: Backoff) -> Option<Duration> {
    match backoff {
        Backoff::Never => None,
        Backoff::Fixed { delay } => Some(delay),
        Backoff::Linear { base, .. }
        | Backoff::Exponential { base, .. }
        | Backoff::Random { base, .. }
        | Backoff::Adaptive { base, .. } => Some(base),
    }
}

/// `base` ÷ (1 − `failure_rate`): the delay of [`Backoff::Adaptive`].
pub(crate) fn stretched(base: Duration, failure_rate: f64) -> Duration {
    times(base, 1.0 / (1.0 - failure_rate.clamp(0.0, MOST_FAILURES)))
}

/// `duration` × `factor`, at most [`MOST`]; a factor that is no number counts as 0.
fn times(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor.max(0.0)).unwrap_or(MOST).min(MOST)
}
