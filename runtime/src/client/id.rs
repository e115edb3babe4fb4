//! Ids for instances that were started without one.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// No letters and digits that look alike (Crockford's base 32).
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new id, such as `7h2k9-mpqx4-tdc8w-rn5fz`: 100 bits that nobody can guess.
///
/// They are the output of the standard library's keyed hash (SipHash), with a key that the operating system has drawn at
/// random, over a counter: as hard to guess as the key.
pub(super) fn random() -> String {
    static KEY: OnceLock<[RandomState; 2]> = OnceLock::new();
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    // States that are made one after the other on a thread have related keys; the hash hides that.
    let [high, low] = KEY.get_or_init(|| [RandomState::new(), RandomState::new()]);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let mut bits = (u128::from(high.hash_one((count, "high"))) << 64) | u128::from(low.hash_one((count, "low")));
    let mut id = String::with_capacity(23);
    for digit in 0..20 {
        if digit > 0 && digit % 5 == 0 {
            id.push('-');
        }
        id.push(char::from(DIGITS[(bits & 31) as usize]));
        bits >>= 5;
    }
    id
}
