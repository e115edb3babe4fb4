//! Tests of the formulas, with numbers, and of the circuit breaker, with an explicit clock.

use std::time::Duration;

use tokio::time::Instant;

use super::adaptive::{Admission, Breaker};
use super::schedule::{Delay, Past, next_delay};
use super::{Backoff, Jitter, RetryPolicy};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn past(attempt: u32, previous: Option<Duration>) -> Past {
    Past { previous, attempt, elapsed: Duration::ZERO, failure_rate: 0.0, asked: None }
}

/// The first delays of a policy, in milliseconds.
fn delays(policy: &RetryPolicy, count: u32, chance: [f64; 2]) -> Vec<u128> {
    let mut previous = None;
    let mut delays = Vec::new();
    for attempt in 1..=count {
        let Some(Delay { wait, base }) = next_delay(policy, past(attempt, previous), chance) else { break };
        delays.push(wait.as_millis());
        previous = Some(base);
    }
    delays
}

#[test]
fn never_makes_one_attempt() {
    assert_eq!(next_delay(&RetryPolicy::never(), past(1, None), [0.5; 2]), None);
}

#[test]
fn fixed_stays() {
    let policy = RetryPolicy::new(Backoff::Fixed { delay: ms(5000) });
    assert_eq!(delays(&policy, 3, [0.5; 2]), [5000, 5000, 5000]);
}

#[test]
fn linear_adds_the_increment() {
    let policy = RetryPolicy::new(Backoff::Linear { base: ms(100), increment: ms(50) });
    assert_eq!(delays(&policy, 4, [0.5; 2]), [100, 150, 200, 250]);
}

#[test]
fn factor_one_doubles() {
    let policy = RetryPolicy::new(Backoff::Exponential { base: ms(1000), factor: 1.0 });
    assert_eq!(delays(&policy, 5, [0.5; 2]), [1000, 2000, 4000, 8000, 16000]);
}

#[test]
fn factor_zero_stays_and_a_half_grows_by_half() {
    let policy = |factor| RetryPolicy::new(Backoff::Exponential { base: ms(1000), factor });
    assert_eq!(delays(&policy(0.0), 3, [0.5; 2]), [1000, 1000, 1000]);
    assert_eq!(delays(&policy(0.5), 4, [0.5; 2]), [1000, 1500, 2250, 3375]);
}

#[test]
fn random_adds_up_to_the_spread() {
    let policy = RetryPolicy::new(Backoff::Random { base: ms(100), spread: ms(1000) });
    assert_eq!(delays(&policy, 4, [0.25, 0.9]), [100, 350, 600, 850]);
    assert_eq!(delays(&policy, 3, [0.0, 0.9]), [100, 100, 100]);
}

#[test]
fn adaptive_stretches_with_the_failure_rate() {
    let policy = RetryPolicy::new(Backoff::Adaptive { base: ms(100), threshold: 0.5 });
    let wait = |failure_rate| {
        let past = Past { failure_rate, ..past(1, None) };
        next_delay(&policy, past, [0.5; 2]).unwrap().wait.as_secs_f64() * 1000.0
    };
    assert!((wait(0.0) - 100.0).abs() < 0.01);
    assert!((wait(0.5) - 200.0).abs() < 0.01);
    assert!((wait(0.75) - 400.0).abs() < 0.01);
    assert!((wait(1.0) - 10_000.0).abs() < 0.01, "at most 100 × base");
}

#[test]
fn max_delay_caps_before_jitter() {
    let policy = RetryPolicy::new(Backoff::Exponential { base: ms(1000), factor: 1.0 }).max_delay(ms(3000));
    assert_eq!(delays(&policy, 4, [0.5; 2]), [1000, 2000, 3000, 3000]);
    assert_eq!(delays(&policy.jitter(Jitter::Full), 4, [0.5; 2]), [500, 1000, 1500, 1500]);
}

#[test]
fn full_jitter_is_between_zero_and_t() {
    let policy = RetryPolicy::new(Backoff::Fixed { delay: ms(1000) }).jitter(Jitter::Full);
    assert_eq!(delays(&policy, 1, [0.9, 0.0]), [0]);
    assert_eq!(delays(&policy, 1, [0.9, 0.5]), [500]);
    assert_eq!(delays(&policy, 1, [0.9, 0.999]), [999]);
}

#[test]
fn equal_jitter_is_between_half_of_t_and_t() {
    let policy = RetryPolicy::new(Backoff::Fixed { delay: ms(1000) }).jitter(Jitter::Equal);
    assert_eq!(delays(&policy, 1, [0.9, 0.0]), [500]);
    assert_eq!(delays(&policy, 1, [0.9, 0.5]), [750]);
}

#[test]
fn jitter_does_not_change_the_growth() {
    let policy = RetryPolicy::new(Backoff::Exponential { base: ms(1000), factor: 1.0 }).jitter(Jitter::Full);
    assert_eq!(delays(&policy, 3, [0.9, 0.5]), [500, 1000, 2000]);
}

#[test]
fn decorrelated_is_between_base_and_three_times_the_delay_before() {
    let policy = RetryPolicy::new(Backoff::Exponential { base: ms(100), factor: 1.0 }).jitter(Jitter::Decorrelated);
    assert_eq!(delays(&policy, 3, [0.9, 0.0]), [100, 100, 100]);
    // 100 + ½ (300 − 100) = 200; 100 + ½ (600 − 100) = 350; 100 + ½ (1050 − 100) = 575
    assert_eq!(delays(&policy, 3, [0.9, 0.5]), [200, 350, 575]);
    assert_eq!(delays(&policy.max_delay(ms(300)), 3, [0.9, 0.5]), [200, 300, 300]);
}

#[test]
fn max_attempts_counts_the_first() {
    let policy = RetryPolicy::new(Backoff::Fixed { delay: ms(1) }).max_attempts(3);
    assert_eq!(delays(&policy, 9, [0.5; 2]).len(), 2, "two more after the first");
    assert_eq!(delays(&policy.max_attempts(1), 9, [0.5; 2]).len(), 0);
}

#[test]
fn no_attempt_begins_after_max_elapsed() {
    let policy = RetryPolicy::new(Backoff::Fixed { delay: ms(400) }).max_elapsed(ms(1000));
    let next = |elapsed| next_delay(&policy, Past { elapsed, ..past(1, None) }, [0.5; 2]);
    assert!(next(ms(600)).is_some());
    assert!(next(ms(601)).is_none());
}

#[test]
fn what_the_error_asks_for_replaces_the_delay_and_not_the_growth() {
    let policy = RetryPolicy::new(Backoff::Exponential { base: ms(1000), factor: 1.0 })
        .jitter(Jitter::Full)
        .max_delay(ms(30_000))
        .max_elapsed(ms(60_000));
    let asks = |asked, attempt, previous| {
        next_delay(&policy, Past { asked: Some(asked), ..past(attempt, previous) }, [0.5; 2])
    };
    assert_eq!(asks(ms(7), 1, None), Some(Delay { wait: ms(7), base: ms(1000) }), "without jitter");
    assert_eq!(asks(ms(7), 2, Some(ms(1000))), Some(Delay { wait: ms(7), base: ms(2000) }));
    assert_eq!(asks(ms(0), 1, None).unwrap().wait, ms(0), "at once");
    assert_eq!(asks(Duration::MAX, 1, None).unwrap().wait, ms(30_000), "`max_delay` holds");
    let late = Past { asked: Some(ms(2000)), elapsed: ms(59_000), ..past(1, None) };
    assert_eq!(next_delay(&policy, late, [0.5; 2]), None, "`max_elapsed` holds");
    let never = Past { asked: Some(ms(1)), ..past(1, None) };
    assert_eq!(next_delay(&RetryPolicy::never(), never, [0.5; 2]), None, "it asks in vain");
}

#[test]
fn growth_saturates() {
    let most = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    for policy in [
        RetryPolicy::new(Backoff::Exponential { base: Duration::MAX, factor: 1e300 }),
        RetryPolicy::new(Backoff::Exponential { base: ms(1), factor: f64::INFINITY }),
        RetryPolicy::new(Backoff::Linear { base: Duration::MAX, increment: Duration::MAX }),
        RetryPolicy::new(Backoff::Random { base: Duration::MAX, spread: Duration::MAX }),
        RetryPolicy::new(Backoff::Fixed { delay: Duration::MAX }).jitter(Jitter::Decorrelated),
    ] {
        let delay = next_delay(&policy, past(u32::MAX, Some(Duration::MAX)), [0.999; 2]).unwrap();
        assert_eq!(delay.wait, most, "{policy:?}");
    }
}

#[test]
fn breaker_opens_at_the_threshold_and_probes_once_per_delay() {
    let start = Instant::now();
    let mut breaker = Breaker::new(ms(100), 0.3);
    for _ in 0..4 {
        breaker.ended(true, start);
        assert_eq!(breaker.admit(start), Admission::Go, "too few attempts to judge");
    }
    breaker.ended(true, start);
    let Admission::Wait(wait) = breaker.admit(start) else { panic!("it is open") };
    assert!(wait > ms(100), "stretched by the failure rate: {wait:?}");

    let later = start + wait;
    assert_eq!(breaker.admit(later), Admission::Go, "the probe");
    assert!(matches!(breaker.admit(later), Admission::Wait(_)), "only one");

    breaker.ended(true, later);
    let Admission::Wait(longer) = breaker.admit(later) else { panic!("the probe has failed") };
    assert!(longer > wait);

    let last = later + longer;
    assert_eq!(breaker.admit(last), Admission::Go);
    breaker.ended(false, last);
    assert_eq!(breaker.admit(last), Admission::Go);
    assert_eq!(breaker.admit(last), Admission::Go, "closed again");
    assert!(breaker.failure_rate() < 0.01);
}

#[test]
fn a_lost_probe_is_replaced() {
    let start = Instant::now();
    let mut breaker = Breaker::new(ms(100), 0.1);
    (0..5).for_each(|_| breaker.ended(true, start));
    let Admission::Wait(wait) = breaker.admit(start) else { panic!("it is open") };
    assert_eq!(breaker.admit(start + wait), Admission::Go);
    assert!(matches!(breaker.admit(start + wait), Admission::Wait(_)));
    assert_eq!(breaker.admit(start + wait * 2), Admission::Go, "nothing was heard of the first probe");
}

#[test]
fn failure_rate_follows_the_last_attempts() {
    let start = Instant::now();
    let mut breaker = Breaker::new(ms(100), 2.0);
    (0..20).for_each(|_| breaker.ended(true, start));
    assert!((breaker.failure_rate() - 0.865).abs() < 0.01, "{}", breaker.failure_rate());
    (0..20).for_each(|_| breaker.ended(false, start));
    assert!((breaker.failure_rate() - 0.117).abs() < 0.01, "{}", breaker.failure_rate());
}
