//! What must come of each shape: the calls in their order, and the outcome. Written by hand, beside the sagas: it knows
//! neither the compiler nor the engine.

use serde_json::{Value, json};

use crate::shape::{Ending, Fate, Kind, Shape, complaint, fate, value};

/// The course of an instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expected {
    pub(crate) instance: String,
    /// The steps and then the compensations, in order.
    pub(crate) calls: Vec<Call>,
    pub(crate) outcome: Outcome,
}

/// One call, with all its attempts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) step: &'static str,
    pub(crate) args: Value,
    /// Where it stands in the saga; with the occurrence the rest of its idempotency key.
    pub(crate) site: String,
    pub(crate) occurrence: u64,
    /// Which number its arguments name.
    pub(crate) place: u64,
    pub(crate) fate: Fate,
    pub(crate) undoes: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Completed(u64),
    /// With the text of its error.
    Compensated(String),
    Failed(String),
}

impl Outcome {
    /// The status in the terminal record.
    pub(crate) fn status(&self) -> &'static str {
        match self {
            Self::Completed(_) => "completed",
            Self::Compensated(_) => "compensated",
            Self::Failed(_) => "failed",
        }
    }
}

/// The course that an instance must take.
pub(crate) fn expect(seed: u64, shape: &Shape) -> Expected {
    let mut model = Model { seed, number: shape.number, calls: Vec::new(), undo: Vec::new() };
    let size = u64::from(shape.size);
    let returned = match shape.kind {
        Kind::Tour => model.tour(size),
        Kind::Climb => model.climb(size),
        Kind::Errand => model.errand(size, shape.slow),
    };
    let outcome = match returned {
        Ok(value) => Outcome::Completed(value),
        Err(text) if model.undo.is_empty() => Outcome::Failed(text),
        Err(text) => {
            model.unwind();
            Outcome::Compensated(text)
        }
    };
    Expected { instance: shape.instance(), calls: model.calls, outcome }
}

struct Model {
    seed: u64,
    number: u64,
    calls: Vec<Call>,
    undo: Vec<Undo>,
}

struct Undo {
    step: &'static str,
    /// The name of its second argument.
    names: &'static str,
    place: u64,
    site: String,
    /// Set when it shares the forward call's key.
    occurrence: Option<u64>,
}

impl Model {
    fn tour(&mut self, places: u64) -> Result<u64, String> {
        let mut sum = 0;
        for place in 0..places {
            sum += self.visit("visit", place)?;
            if place % 4 == 3 {
                sum += self.hold("hold", place)?;
            }
        }
        Ok(sum)
    }

    fn climb(&mut self, limit: u64) -> Result<u64, String> {
        let (mut height, mut throws) = (0u64, 0);
        'up: loop {
            let up = self.call("roll", "throw", "roll", throws)?;
            throws += 1;
            height += up;
            if up == 6 {
                for _ in 0..2 {
                    let down = self.call("roll", "throw", "roll#2", throws)?;
                    throws += 1;
                    if down == 1 && throws < limit {
                        continue 'up;
                    }
                    height = height.saturating_sub(down);
                }
            }
            if throws >= limit {
                break;
            }
        }
        Ok(height + self.hold("hold", throws)?)
    }

    fn errand(&mut self, legs: u64, slow: bool) -> Result<u64, String> {
        let mut total = match self.hold("hold", 0) {
            Ok(kept) => kept,
            Err(_) => self.call("roll", "throw", "roll", 0)?,
        };
        for leg in 1..=legs {
            total += match leg % 3 {
                0 => self.call("roll", "throw", "roll#2", leg)?,
                1 => self.visit("visit", leg)?,
                _ if slow => self.call("haul", "leg", "haul", leg)?,
                _ => self.hold("hold#2", leg)?,
            };
        }
        if slow {
            total += self.call("call_back", "leg", "call_back", legs)?;
        }
        Ok(total)
    }

    /// Undone by its output, so only when there is one.
    fn visit(&mut self, site: &str, place: u64) -> Result<u64, String> {
        let ticket = self.call("visit", "place", site, place)?;
        let site = format!("{site}:leave");
        self.undo.push(Undo { step: "leave", names: "ticket", place: ticket, site, occurrence: None });
        Ok(ticket)
    }

    /// Undone by its arguments, whatever comes of it.
    fn hold(&mut self, site: &str, place: u64) -> Result<u64, String> {
        let occurrence = Some(self.next());
        self.undo.push(Undo { step: "release", names: "place", place, site: site.to_owned(), occurrence });
        self.call("hold", "place", site, place)
    }

    fn call(&mut self, step: &'static str, names: &str, site: &str, place: u64) -> Result<u64, String> {
        let fate = fate(self.seed, self.number, step, place);
        let args = json!({ "number": self.number, names: place });
        let occurrence = self.next();
        self.calls.push(Call { step, args, site: site.to_owned(), occurrence, place, fate, undoes: false });
        match fate.ending {
            Ending::Success => Ok(value(self.seed, self.number, step, place)),
            Ending::Terminal | Ending::Exhausted => Err(complaint(step, place)),
        }
    }

    fn unwind(&mut self) {
        while let Some(Undo { step, names, place, site, occurrence }) = self.undo.pop() {
            let fate = fate(self.seed, self.number, step, place);
            let args = json!({ "number": self.number, names: place });
            let occurrence = occurrence.unwrap_or(self.next());
            self.calls.push(Call { step, args, site, occurrence, place, fate, undoes: true });
        }
    }

    /// Calls are numbered from 1.
    fn next(&self) -> u64 {
        self.calls.len() as u64 + 1
    }
}
