//! When a schedule's times are: crontab expressions, and intervals.
//!
//! `cronexpr` knows the expressions and the calendar. What it does not decide is what becomes of them when clocks change:
//!
//! * An expression whose hour is fixed (`30 2 * * *`) means a time on the wall. One that the spring leaves out comes as long after the change as it would have come
//!   after it (02:30 becomes 03:30), and one that the autumn has twice comes the first time.
//! * One whose hour begins with `*` means time that passes: it comes whenever a clock on the wall shows it, and so once an hour, whatever the clock does.
//!
//! So have the crons since Vixie's, and so does an operator expect it.

use std::time::Duration;

use cronexpr::{Crontab, MakeTimestamp, parse_crontab};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// What is said in one word.
const WORDS: [(&str, &str); 6] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
];

/// Before an interval.
const EVERY: &str = "@every ";

/// The times of a schedule.
#[derive(Debug)]
pub(crate) enum When {
    /// Whenever a clock on the wall shows it.
    Passing(Box<Crontab>),
    /// Once for each time on the wall.
    OnTheWall(Box<Crontab>, TimeZone),
    /// At this distance, counted from a time.
    Every(SignedDuration, Timestamp),
}

impl When {
    /// Reads it. An interval is counted from `from`.
    ///
    /// # Errors
    ///
    /// What is wrong, and where.
    pub(crate) fn parse(text: &str, zone: &str, from: Timestamp) -> Result<Self, String> {
        let text = text.trim();
        let known = TimeZone::get(zone).map_err(|_| {
            format!("`{zone}` is no time zone: use a name of the IANA database, such as `Europe/Berlin`, or `UTC`")
        })?;
        if let Some(interval) = text.strip_prefix(EVERY) {
            return every(text, interval.trim(), from);
        }
        let expression = match WORDS.iter().find(|(word, _)| *word == text) {
            Some((_, expression)) => expression,
            None if text.starts_with('@') => {
                let words: Vec<_> = WORDS.iter().map(|(word, _)| format!("`{word}`")).collect();
                return Err(format!("`{text}` is no schedule: there are `@every 15m`, {}", words.join(", ")));
            }
            None => text,
        };
        let fields: Vec<_> = expression.split_whitespace().collect();
        let [_, hour, ..] = fields[..] else { return Err(not_five(text, fields.len())) };
        if fields.len() != 5 {
            return Err(not_five(text, fields.len()));
        }
        let passing = hour.starts_with('*');
        let zoned = format!("{expression} {}", if passing { zone } else { "UTC" });
        let crontab = parse_crontab(&zoned).map_err(|error| wrong(text, &error.to_string()))?;
        Ok(if passing { Self::Passing(Box::new(crontab)) } else { Self::OnTheWall(Box::new(crontab), known) })
    }

    /// The next time after another one; `None`: there is none, within years.
    pub(crate) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Passing(crontab) => Some(crontab.find_next(MakeTimestamp(after)).ok()?.timestamp()),
            Self::OnTheWall(crontab, zone) => {
                // What comes after a change for a time before it must be looked for before it, too.
                let wall = after.to_zoned(zone.clone()).datetime().saturating_sub(1.day());
                let mut at = wall.to_zoned(TimeZone::UTC).ok()?.timestamp();
                loop {
                    let shown = crontab.find_next(MakeTimestamp(at)).ok()?;
                    let is = zone.to_ambiguous_zoned(shown.datetime()).compatible().ok()?.timestamp();
                    if is > after {
                        return Some(is);
                    }
                    at = shown.timestamp();
                }
            }
            Self::Every(interval, from) => {
                if after < *from {
                    return Some(*from);
                }
                let (passed, interval) = (after.duration_since(*from).as_nanos(), interval.as_nanos());
                let nanos = (passed / interval + 1).checked_mul(interval)?;
                from.checked_add(SignedDuration::from_nanos_i128(nanos)).ok()
            }
        }
    }
}

fn every(text: &str, interval: &str, from: Timestamp) -> Result<When, String> {
    let read = humantime::parse_duration(interval)
        .map_err(|error| format!("`{text}` is no schedule: `{interval}` is no duration such as `15m`: {error}"))?;
    if read < Duration::from_secs(1) {
        return Err(format!("`{text}` is no schedule: an interval is a second or more"));
    }
    let interval =
        SignedDuration::try_from(read).map_err(|_| format!("`{text}` never comes: it is longer than there is time"))?;
    Ok(When::Every(interval, from))
}

fn not_five(text: &str, fields: usize) -> String {
    format!(
        "`{text}` is no schedule: an expression has five fields (minute, hour, day of the month, month, day of the week), and this one has {fields}"
    )
}

/// What the parser says, with the place in what the user has written.
fn wrong(text: &str, said: &str) -> String {
    let marked = said.lines().find_map(|line| line.split_once("^ ").filter(|(before, _)| before.trim().is_empty()));
    match marked {
        Some((before, why)) if !text.starts_with('@') => {
            let column = before.len() + 1;
            format!("`{text}` is no schedule: at column {column}: {why}\n  {text}\n  {before}^")
        }
        _ => format!("`{text}` is no schedule: {said}"),
    }
}
