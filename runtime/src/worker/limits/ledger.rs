//! Who has which part of a limit that all workers share.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::definition::Rate;
use crate::engine;

/// For so long a part is a worker's if nothing is heard of it.
pub(super) const LEASE: Duration = Duration::from_secs(15);

/// So long before the end of its part a worker has none any more: clocks differ.
pub(super) const MARGIN: Duration = Duration::from_secs(3);

/// What stands in the record of a shared limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger {
    /// The parts of the workers, by their names.
    #[serde(default)]
    pub(super) parts: BTreeMap<String, Part>,
    /// When an attempt is due that comes next, by the rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) due: Option<Timestamp>,
}

/// What one worker has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// So many attempts at a time.
    pub(super) permits: usize,
    /// Until then.
    pub(super) until: Timestamp,
}

impl Ledger {
    /// Sets a worker's part to as much of what it wants as is free, until a lease from now on. How much that is.
    pub(super) fn set(&mut self, by: &str, wanted: usize, most: usize, now: Timestamp) -> usize {
        self.parts.retain(|name, part| name == by || part.until > now);
        let others: usize = self.parts.iter().filter(|(name, _)| *name != by).map(|(_, part)| part.permits).sum();
        let permits = wanted.min(most.saturating_sub(others));
        match permits {
            0 => drop(self.parts.remove(by)),
            _ => drop(self.parts.insert(by.to_owned(), Part { permits, until: engine::after(now, LEASE) })),
        }
        permits
    }

    /// Takes the next times at which attempts may be made.
    pub(super) fn turns(&mut self, rate: Rate, count: u32, now: Timestamp) -> Vec<Timestamp> {
        let interval = rate.per / rate.count;
        let at_once = rate.per.saturating_sub(interval);
        let turns = (0..count).map(|_| {
            let due = self.due.map_or(now, |due| due.max(now));
            self.due = Some(engine::after(due, interval));
            let early = due.checked_sub(at_once).unwrap_or(now);
            early.max(now)
        });
        turns.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_no_more_than_the_whole() {
        let mut ledger = Ledger::default();
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(ledger.set("a", 4, 5, now), 4);
        assert_eq!(ledger.set("b", 4, 5, now), 1);
        assert_eq!(ledger.set("c", 1, 5, now), 0);
        // It gives some back, and asks for more than there is.
        assert_eq!(ledger.set("a", 2, 5, now), 2);
        assert_eq!(ledger.set("b", 9, 5, now), 3);
        let later = engine::after(now, LEASE / 2);
        assert_eq!(ledger.set("a", 2, 5, later), 2);
        // Nothing was heard of b.
        assert_eq!(ledger.set("c", 9, 5, engine::after(now, LEASE)), 3);
        assert_eq!(ledger.set("a", 0, 5, later), 0);
        assert_eq!(ledger.parts.keys().collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn turns_come_as_the_rate_says() {
        let mut ledger = Ledger::default();
        let (now, rate) = (Timestamp::UNIX_EPOCH, Rate { count: 4, per: Duration::from_secs(1) });
        let millis = |turns: Vec<Timestamp>| turns.iter().map(|turn| turn.as_millisecond()).collect::<Vec<_>>();
        assert_eq!(millis(ledger.turns(rate, 3, now)), [0, 0, 0]);
        assert_eq!(millis(ledger.turns(rate, 3, now)), [0, 250, 500]);
        let later = engine::after(now, Duration::from_secs(60));
        assert_eq!(millis(ledger.turns(rate, 5, later)), [60_000, 60_000, 60_000, 60_000, 60_250]);
    }
}
