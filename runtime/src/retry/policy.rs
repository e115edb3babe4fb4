//! What a policy says; `#[retry(…)]` builds one.

use std::fmt;
use std::time::Duration;

/// When a failed attempt is made again, and for how long. Built by `#[retry(…)]`.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    pub(crate) backoff: Backoff,
    pub(crate) jitter: Jitter,
    pub(crate) max_delay: Option<Duration>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) max_elapsed: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) exhausted: OnExhausted,
}

/// How the delay grows from one attempt to the next. *T* is the delay before the next attempt, *T'* the one after.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Backoff {
    /// One attempt only: what steps without `#[retry]` have.
    Never,
    /// T' = T = `delay`.
    Fixed {
        /// The delay.
        delay: Duration,
    },
    /// T' = T + `increment`, beginning with `base`.
    Linear {
        /// The first delay.
        base: Duration,
        /// What is added each time.
        increment: Duration,
    },
    /// T' = T × (1 + `factor`), beginning with `base`: **factor = 1.0 doubles** (other systems call 1 + factor the coefficient).
    Exponential {
        /// The first delay.
        base: Duration,
        /// The growth: 0.0 stays, 1.0 doubles.
        factor: f64,
    },
    /// T' = T + `spread` × U(0,1), beginning with `base`.
    Random {
        /// The first delay.
        base: Duration,
        /// The most that is added each time.
        spread: Duration,
    },
    /// Stretches with the failure rate *f* of the step's recent attempts in this worker: T = `base` ÷ (1 − f), and a
    /// circuit breaker: above `threshold` no attempt is made but one probe per T, until one succeeds.
    Adaptive {
        /// The delay while nearly all attempts succeed.
        base: Duration,
        /// The failure rate (0 to 1) from which the breaker is open.
        threshold: f64,
    },
}

/// How chance is mixed into a delay *T*, so that many instances do not come back at once
/// (formulas: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Jitter {
    /// T as it is.
    #[default]
    None,
    /// U(0, T).
    Full,
    /// T/2 + U(0, T/2).
    Equal,
    /// U(base, 3 × the delay before), within `max_delay`; takes the place of the growth.
    Decorrelated,
}

/// What happens when the attempts are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnExhausted {
    /// The step's last error is what `.await` yields.
    #[default]
    Fail,
    /// The instance is paused, for an operator to look at.
    Pause,
}

impl RetryPolicy {
    /// A policy of a back-off, without limits and without jitter.
    #[must_use]
    pub const fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            jitter: Jitter::None,
            max_delay: None,
            max_attempts: None,
            max_elapsed: None,
            timeout: None,
            exhausted: OnExhausted::Fail,
        }
    }

    /// One attempt only.
    #[must_use]
    pub const fn never() -> Self {
        Self::new(Backoff::Never)
    }

    /// Mixes chance into the delays.
    #[must_use]
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The greatest delay.
    #[must_use]
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = Some(delay);
        self
    }

    /// The greatest number of attempts, the first included.
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// No attempt begins later than this after the first one could begin.
    #[must_use]
    pub const fn max_elapsed(mut self, elapsed: Duration) -> Self {
        self.max_elapsed = Some(elapsed);
        self
    }

    /// An attempt that takes longer fails, and counts as failed with unknown effect.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What happens when the attempts are used up.
    #[must_use]
    pub const fn exhausted(mut self, exhausted: OnExhausted) -> Self {
        self.exhausted = exhausted;
        self
    }
}

/// As `#[retry(…)]` says it: `exponential, base = "1s", factor = 1.0, max_attempts = 8`. Empty for one attempt only.
/// Errors that are not retried don't belong to the policy, and aren't named.
impl fmt::Display for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = match self.backoff {
            Backoff::Never => Vec::new(),
            Backoff::Fixed { delay } => vec!["fixed".to_owned(), named("delay", delay)],
            Backoff::Linear { base, increment } => {
                vec!["linear".to_owned(), named("base", base), named("increment", increment)]
            }
            Backoff::Exponential { base, factor } => {
                vec!["exponential".to_owned(), named("base", base), format!("factor = {factor:?}")]
            }
            Backoff::Random { base, spread } => {
                vec!["random".to_owned(), named("base", base), named("spread", spread)]
            }
            Backoff::Adaptive { base, threshold } => {
                vec!["adaptive".to_owned(), named("base", base), format!("threshold = {threshold:?}")]
            }
        };
        parts.extend(match self.jitter {
            Jitter::None => None,
            Jitter::Full => Some("jitter = full".to_owned()),
            Jitter::Equal => Some("jitter = equal".to_owned()),
            Jitter::Decorrelated => Some("jitter = decorrelated".to_owned()),
        });
        parts.extend(self.max_delay.map(|limit| named("max_delay", limit)));
        parts.extend(self.max_attempts.map(|limit| format!("max_attempts = {limit}")));
        parts.extend(self.max_elapsed.map(|limit| named("max_elapsed", limit)));
        parts.extend(self.timeout.map(|limit| named("timeout", limit)));
        parts.extend((self.exhausted == OnExhausted::Pause).then(|| "exhausted = pause".to_owned()));
        f.write_str(&parts.join(", "))
    }
}

/// `base = "1m 30s"`
fn named(name: &str, duration: Duration) -> String {
    let (seconds, nanoseconds) = (duration.as_secs(), duration.subsec_nanos());
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
        (u64::from(nanoseconds / 1_000_000), "ms"),
        (u64::from(nanoseconds / 1_000 % 1_000), "us"),
        (u64::from(nanoseconds % 1_000), "ns"),
    ];
    let parts = units.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}"));
    let text = parts.collect::<Vec<_>>().join(" ");
    format!("{name} = \"{}\"", if text.is_empty() { "0s" } else { &text })
}
