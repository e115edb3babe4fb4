//! Timestamps as records carry them: RFC 3339 in UTC, `2026-11-22T14:03:51.123456789Z`, with no more digits of the
//! second than it has.
//!
//! Each record has three of them, and with jiff's own reader and writer, which know many forms, they take a sixth of the
//! time that a record takes to be read and written. So this form is read and written here; jiff does the calendar,
//! and whatever has another form.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// All digits that there can be.
const LONGEST: &[u8; 30] = b"0000-00-00T00:00:00.000000000Z";

/// Where the fraction begins, with its point.
const FRACTION: usize = 19;

pub(super) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = *LONGEST;
    match write(*time, &mut text) {
        Some(text) => serializer.serialize_str(text),
        None => time.serialize(serializer),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    struct Text;
    impl Visitor<'_> for Text {
        type Value = Timestamp;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a timestamp string")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
            read(text).map_or_else(|| text.parse().map_err(E::custom), Ok)
        }
    }
    deserializer.deserialize_str(Text)
}

/// The same for times that need not be there.
pub(super) mod option {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Timestamp};

    struct Time(Timestamp);

    impl Serialize for Time {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            super::serialize(&self.0, serializer)
        }
    }

    impl<'de> Deserialize<'de> for Time {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            super::deserialize(deserializer).map(Self)
        }
    }

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(in super::super) fn serialize<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        time.map(Time).serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<Time>::deserialize(from)?.map(|time| time.0))
    }
}

/// Writes a time of our era.
pub(super) fn write(time: Timestamp, text: &mut [u8; 30]) -> Option<&str> {
    let time = Offset::UTC.to_datetime(time);
    put(&mut text[0..4], time.year())?;
    put(&mut text[5..7], time.month())?;
    put(&mut text[8..10], time.day())?;
    put(&mut text[11..13], time.hour())?;
    put(&mut text[14..16], time.minute())?;
    put(&mut text[17..19], time.second())?;
    let fraction = time.subsec_nanosecond();
    let mut end = FRACTION;
    if fraction != 0 {
        end = LONGEST.len() - 1;
        put(&mut text[FRACTION + 1..end], fraction)?;
        while text[end - 1] == b'0' {
            end -= 1;
        }
    }
    text[end] = b'Z';
    std::str::from_utf8(&text[..=end]).ok()
}

/// Reads what [`write`] writes.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let (time, fraction) = text.as_bytes().split_at_checked(FRACTION)?;
    let signs = [4, 7, 10, 13, 16].map(|at| time[at]);
    if signs != *b"--T::" {
        return None;
    }
    let fraction = match fraction {
        [b'Z'] => 0,
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            number::<i32>(digits)? * 10_i32.pow(9 - u32::try_from(digits.len()).ok()?)
        }
        _ => return None,
    };
    let year = number(&time[0..4])?;
    let [month, day, hour, minute, second] = [5, 8, 11, 14, 17].map(|at| number(&time[at..at + 2]));
    // What is out of its range (a leap second, say) is left to jiff.
    let time = DateTime::new(year, month?, day?, hour?, minute?, second?, fraction).ok()?;
    Offset::UTC.to_timestamp(time).ok()
}

/// Writes a number that isn't negative into so many digits.
fn put(text: &mut [u8], number: impl TryInto<u32>) -> Option<()> {
    let mut rest = number.try_into().ok()?;
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    Some(())
}

/// Digits, and nothing else; no more than nine of them.
fn number<N: TryFrom<u32>>(digits: &[u8]) -> Option<N> {
    let add = |number: u32, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'));
    N::try_from(digits.iter().try_fold(0, add)?).ok()
}
