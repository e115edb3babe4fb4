//! The effect log: each worker process writes into a file of its own what it executes.
//!
//! A line is one `write` to the file, without a buffer: what was written before a SIGKILL is there.
//!
//! ```text
//! B 1790000000000000000 tour/i7/visit/3 visit 1 7 2 4242     begun: time, key, step, attempt, the arguments, process
//! E 1790000000000000000 tour/i7/visit/3 visit 1 output 4242  ended
//! L 1790000000000000000 1790000000900000000 4242          this process did not get to run, from and until: see `lag`
//! ```

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

use sagaflow::StepContext;

use crate::faults::Incident;

/// Nanoseconds since 1970, by the clock that all processes of this machine share.
pub(crate) type Nanos = u64;

/// The time now.
pub(crate) fn now() -> Nanos {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The log of this process.
#[derive(Debug)]
pub(crate) struct Effects {
    file: File,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Result {
    Output,
    Error,
}

/// An attempt that has begun.
#[derive(Debug)]
pub(crate) struct Execution<'l> {
    log: &'l Effects,
    key: &'l str,
    step: &'l str,
    attempt: u32,
}

impl Effects {
    /// # Errors
    ///
    /// When the file can't be made, or exists.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::options().append(true).create_new(true).open(path)? })
    }

    /// The same log once more: lines don't mix, since each is one write at the end.
    ///
    /// # Errors
    ///
    /// When it isn't there.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::options().append(true).open(path)? })
    }

    pub(crate) fn begin<'l>(&'l self, cx: &'l StepContext, number: u64, place: u64) -> Execution<'l> {
        let (key, step, attempt) = (cx.key().as_str(), cx.step(), cx.attempt());
        self.write(&format!("B {} {key} {step} {attempt} {number} {place} {}\n", now(), process::id()));
        Execution { log: self, key, step, attempt }
    }

    /// This process was late, from then to then.
    pub(crate) fn late(&self, from: Nanos, to: Nanos) {
        self.write(&format!("L {from} {to} {}\n", process::id()));
    }

    /// A log that can't be written proves nothing: the process ends, as a crash.
    fn write(&self, line: &str) {
        if let Err(error) = (&self.file).write_all(line.as_bytes()) {
            eprintln!("error: the effect log can't be written: {error}");
            process::abort();
        }
    }
}

impl Execution<'_> {
    pub(crate) fn end(self, result: Result) {
        let Self { log, key, step, attempt } = self;
        let result = match result {
            Result::Output => "output",
            Result::Error => "error",
        };
        log.write(&format!("E {} {key} {step} {attempt} {result} {}\n", now(), process::id()));
    }
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    Effect(Effect),
    Late(Incident),
}

/// An execution's begin or end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) at: Nanos,
    pub(crate) which: Which,
    pub(crate) process: u32,
    pub(crate) what: What,
}

/// Which attempt of which call. A compensation may share the key of the step that it undoes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Which {
    pub(crate) key: String,
    pub(crate) step: String,
    pub(crate) attempt: u32,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of key {} attempt {}", self.step, self.key, self.attempt)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Begun { number: u64, place: u64 },
    Ended(Result),
}

/// Reads one line back.
pub(crate) fn parse(line: &str) -> Option<Line> {
    let words: Vec<_> = line.split(' ').collect();
    let (at, key, step, attempt, what, process) = match *words.as_slice() {
        ["B", at, key, step, attempt, number, place, process] => {
            (at, key, step, attempt, What::Begun { number: number.parse().ok()?, place: place.parse().ok()? }, process)
        }
        ["E", at, key, step, attempt, result, process] => {
            let result = match result {
                "output" => Result::Output,
                "error" => Result::Error,
                _ => return None,
            };
            (at, key, step, attempt, What::Ended(result), process)
        }
        ["L", from, to, _] => return Some(Line::Late(Incident { from: from.parse().ok()?, to: to.parse().ok()? })),
        _ => return None,
    };
    let (at, attempt, process) = (at.parse().ok()?, attempt.parse().ok()?, process.parse().ok()?);
    let which = Which { key: key.to_owned(), step: step.to_owned(), attempt };
    Some(Line::Effect(Effect { at, which, process, what }))
}
