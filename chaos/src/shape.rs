//! What each instance is to do, and how each of its steps fares: all of it follows from the seed and the number.
//!
//! The steps act by it, and the oracle expects by it. It says nothing of how an engine gets there.

use std::time::Duration;

/// Which saga an instance is of, and how large it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) number: u64,
    pub(crate) kind: Kind,
    /// Places, rolls or legs.
    pub(crate) size: u32,
    /// Only errands: with steps longer than the ack wait, and with waits that are parked.
    pub(crate) slow: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A `for` loop over steps, some of which fail for good.
    Tour,
    /// Nested loops whose course depends on what the steps return.
    Climb,
    /// Branches, a fallback, and slow steps.
    Errand,
}

/// How one call fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    /// So many attempts fail, and are to be made again.
    pub(crate) stumbles: u32,
    /// What comes of the attempt after them, which is the last.
    pub(crate) ending: Ending,
    pub(crate) takes: Takes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Success,
    /// An error that is not retried.
    Terminal,
    /// One more error than there are attempts.
    Exhausted,
}

/// How long each attempt takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    Milliseconds(u64),
    /// A percentage of the ack wait.
    AckWaits(u32),
}

impl Takes {
    pub(crate) fn duration(self, ack_wait: Duration) -> Duration {
        match self {
            Self::Milliseconds(milliseconds) => Duration::from_millis(milliseconds),
            Self::AckWaits(percent) => ack_wait * percent / 100,
        }
    }
}

impl Kind {
    /// The saga's name.
    pub(crate) fn saga(self) -> &'static str {
        match self {
            Self::Tour => "tour",
            Self::Climb => "climb",
            Self::Errand => "errand",
        }
    }
}

impl Shape {
    pub(crate) fn of(seed: u64, number: u64) -> Self {
        let mut chance = Chance::new(&[seed, number, 0x5a9a]);
        let kind = match chance.below(10) {
            0..5 => Kind::Tour,
            5..8 => Kind::Climb,
            _ => Kind::Errand,
        };
        // Most are small, and a few as large as can be.
        let large = chance.below(8) == 0;
        let slow = kind == Kind::Errand && chance.below(4) == 0;
        let size = match (kind, large) {
            (Kind::Tour, false) => 3 + chance.below(8),
            (Kind::Tour, true) => 12 + chance.below(21),
            (Kind::Climb, false) => 2 + chance.below(10),
            (Kind::Climb, true) => 12 + chance.below(22),
            (Kind::Errand, _) if slow => 2 + chance.below(4),
            (Kind::Errand, false) => 2 + chance.below(8),
            (Kind::Errand, true) => 10 + chance.below(28),
        };
        Self { number, kind, size: u32::try_from(size).unwrap_or(u32::MAX), slow }
    }

    /// The instance's id.
    pub(crate) fn id(&self) -> String {
        format!("i{}", self.number)
    }

    /// `SAGA/ID`
    pub(crate) fn instance(&self) -> String {
        format!("{}/{}", self.kind.saga(), self.id())
    }
}

/// The steps' limits on attempts, as their policies say.
pub(crate) const VISIT_ATTEMPTS: u32 = 4;
pub(crate) const HOLD_ATTEMPTS: u32 = 5;
pub(crate) const CALL_BACK_ATTEMPTS: u32 = 3;

/// How the call of `step` for `place` fares in the instance `number`.
pub(crate) fn fate(seed: u64, number: u64, step: &str, place: u64) -> Fate {
    let mut chance = chance_of(seed, number, step, place);
    let ending = |chance: &mut Chance| match chance.below(1000) {
        0..9 => Ending::Terminal,
        9..16 => Ending::Exhausted,
        _ => Ending::Success,
    };
    let stumbles = |chance: &mut Chance, percent: u64| match chance.below(100) {
        p if p < percent / 2 => 1,
        p if p < percent => 2,
        _ => 0,
    };
    let (stumbles, ending, most) = match step {
        "visit" => (stumbles(&mut chance, 8), ending(&mut chance), VISIT_ATTEMPTS),
        "hold" => (stumbles(&mut chance, 16), ending(&mut chance), HOLD_ATTEMPTS),
        "call_back" => (stumbles(&mut chance, 70).min(1), ending(&mut chance), CALL_BACK_ATTEMPTS),
        "leave" | "release" => (stumbles(&mut chance, 12), Ending::Success, u32::MAX),
        _ => (0, Ending::Success, 1),
    };
    let stumbles = if ending == Ending::Exhausted { most - 1 } else { stumbles };
    let takes = match (step, chance.below(100)) {
        ("haul", _) => Takes::AckWaits(130 + u32::try_from(chance.below(120)).unwrap_or(0)),
        (_, 0..80) => Takes::Milliseconds(0),
        (_, 80..97) => Takes::Milliseconds(1 + chance.below(15)),
        _ => Takes::Milliseconds(20 + chance.below(150)),
    };
    Fate { stumbles, ending, takes }
}

/// What the call returns when it succeeds.
pub(crate) fn value(seed: u64, number: u64, step: &str, place: u64) -> u64 {
    let mut chance = chance_of(seed ^ 0x0f0f, number, step, place);
    match step {
        "roll" => 1 + chance.below(6),
        _ => 1 + chance.below(10_000),
    }
}

/// The text of its error.
pub(crate) fn complaint(step: &str, place: u64) -> String {
    format!("{step} {place} can't be done")
}

fn chance_of(seed: u64, number: u64, step: &str, place: u64) -> Chance {
    let step = step.bytes().fold(0u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    Chance::new(&[seed, number, step, place])
}

/// Random numbers that only depend on what they are made from (splitmix64, by Steele, Lea and Flood).
#[derive(Debug)]
struct Chance(u64);

impl Chance {
    fn new(from: &[u64]) -> Self {
        let mut chance = Self(0);
        for part in from {
            chance.0 ^= part;
            chance.0 = chance.next();
        }
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}
