//! Ids for instances that were started without one.

use crate::random;

/// No letters and digits that look alike (Crockford's base 32).
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new id, such as `7h2k9-mpqx4-tdc8w-rn5fz`: 100 bits that nobody can guess.
pub(super) fn random() -> String {
    let mut bits = random::bits();
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
