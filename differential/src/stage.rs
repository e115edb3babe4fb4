//! What the steps of one run do, and have done.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use sagaflow::{Failure, StepContext};

/// From this call on all steps that can fail do so: no program runs for ever.
pub const MOST_CALLS: u64 = 40;

/// Which calls fail.
#[derive(Debug, Clone, Copy, Default)]
pub struct Script {
    /// The number of the call that fails for good, from 1.
    pub fails: Option<u64>,
    /// Whether the first attempt of every third call fails.
    pub flaky: bool,
}

/// One attempt of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The call's number in its instance, from 1.
    pub call: u64,
    /// The step.
    pub step: &'static str,
    /// Its arguments, as text.
    pub arguments: String,
    /// Whether it succeeded.
    pub succeeded: bool,
}

/// The stage of one run.
#[derive(Debug, Default)]
pub struct Stage {
    script: Script,
    log: Mutex<Vec<Entry>>,
}

impl Stage {
    /// An empty one.
    #[must_use]
    pub fn new(script: Script) -> Self {
        Self { script, log: Mutex::default() }
    }

    /// An attempt of a step that can fail.
    ///
    /// # Errors
    ///
    /// As the script says.
    pub fn attempt(&self, call: u64, attempt: u32, step: &'static str, arguments: String) -> Result<(), Failure> {
        let result = if call > MOST_CALLS {
            Err(Failure::new("too many calls").terminal())
        } else if self.script.fails == Some(call) {
            Err(Failure::new("refused").terminal())
        } else if self.script.flaky && call % 3 == 1 && attempt == 1 {
            Err(Failure::new("not yet"))
        } else {
            Ok(())
        };
        self.add(Entry { call, step, arguments, succeeded: result.is_ok() });
        result
    }

    /// An attempt of a step that can't fail.
    pub fn done(&self, call: u64, step: &'static str, arguments: String) {
        self.add(Entry { call, step, arguments, succeeded: true });
    }

    fn add(&self, entry: Entry) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// How many entries there are.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    /// All attempts, in order.
    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The number of the call that a step's context belongs to: the last part of its key.
#[must_use]
pub fn number(context: &StepContext) -> u64 {
    context.key().as_str().rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// A log, a line for each attempt.
#[must_use]
pub fn text(log: &[Entry]) -> String {
    let mut text = String::new();
    for Entry { call, step, arguments, succeeded } in log {
        let _ = writeln!(text, "  {call} {step}({arguments}){}", if *succeeded { "" } else { " failed" });
    }
    text
}
