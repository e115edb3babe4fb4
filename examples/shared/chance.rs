//! Services that fail now and then.

use sagaflow::StepContext;

/// Whether an attempt is one of the unlucky ones, of which there are so many in a hundred. The same attempts of the same step always are: a
/// program that was killed and started again sees what it would have seen.
#[must_use]
pub fn strikes(cx: &StepContext, percent: u8) -> bool {
    let seed = fnv1a(format!("{}#{}#{}", cx.step(), cx.key(), cx.attempt()).as_bytes());
    fastrand::Rng::with_seed(seed).f64() * 100.0 < f64::from(percent)
}

/// A hash that is the same everywhere and for ever (Fowler, Noll, Vo: FNV-1a, 64 bits).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
