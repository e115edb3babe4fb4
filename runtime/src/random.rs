//! Bits that nobody can guess.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// 128 bits that nobody can guess.
///
/// They are the output of the standard library's keyed hash (SipHash), with keys that the operating system has drawn at
/// random, over a counter: as hard to guess as the keys.
pub(crate) fn bits() -> u128 {
    static KEY: OnceLock<[RandomState; 2]> = OnceLock::new();
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    // States that are made one after the other on a thread have related keys; the hash hides that.
    let [high, low] = KEY.get_or_init(|| [RandomState::new(), RandomState::new()]);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    (u128::from(high.hash_one((count, "high"))) << 64) | u128::from(low.hash_one((count, "low")))
}
