//! The command line.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use sagaflow_examples::{Journal, Setting};

use crate::archive::Archive;

/// Imports many lines as one durable saga: a window of calls slides over them.
///
/// The process may be killed at any time (`--kills`), and goes on where it stopped. In the end it is checked that each line was imported once,
/// or rejected.
#[derive(Debug, Parser)]
#[command(name = "import", args_override_self = true)]
pub(crate) struct Options {
    /// How many lines are imported
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(crate) lines: u64,
    /// How many of them are under way at the same time
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = window)]
    pub(crate) window: usize,
    /// How long each of them takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) line_ms: u64,
    /// How many in a hundred attempts find the archive busy, and are made again
    #[arg(long, value_name = "PERCENT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=50))]
    pub(crate) flaky: u8,
    /// Has another process import, kills it so many times on the way, and starts it again
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) kills: usize,
    /// The instance's id: a file is imported once for each
    #[arg(long, default_value = "file-1")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) setting: Setting,
}

fn window(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(window @ 1..=1000) => Ok(window),
        Ok(_) => Err("a number from 1 to 1000".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

impl Options {
    pub(crate) fn archive(&self, journal: Arc<Journal>) -> Archive {
        Archive { journal, each: Duration::from_millis(self.line_ms), flaky: self.flaky }
    }
}
