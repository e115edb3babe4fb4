//! The command line.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use sagaflow_examples::{Journal, Setting};

use crate::bureau::Bureau;

/// Recognizes and translates the pages of a document as one durable saga, so many at a time, and binds them.
///
/// The process may be killed at any time (`--kills`), and goes on where it stopped. In the end it is checked that each page was worked on once.
#[derive(Debug, Parser)]
#[command(name = "documents", args_override_self = true)]
pub(crate) struct Options {
    /// How many pages the document has
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub(crate) pages: u16,
    /// How many of them are worked on at the same time
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = at_once)]
    pub(crate) at_once: usize,
    /// How long each step of a page takes at most, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 200)]
    pub(crate) page_ms: u64,
    /// How many in a hundred attempts fail, and are made again
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=60))]
    pub(crate) flaky: u8,
    /// What the book is called
    #[arg(long, default_value = "On Clocks")]
    pub(crate) title: String,
    /// Has another process do the work, kills it so many times on the way, and starts it again
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) kills: usize,
    /// The instance's id: a document is translated once for each
    #[arg(long, default_value = "document-1")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) setting: Setting,
}

fn at_once(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(at_once @ 1..=1000) => Ok(at_once),
        Ok(_) => Err("a number from 1 to 1000".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

impl Options {
    pub(crate) fn bureau(&self, journal: Arc<Journal>) -> Bureau {
        Bureau { journal, each: Duration::from_millis(self.page_ms), flaky: self.flaky }
    }
}
