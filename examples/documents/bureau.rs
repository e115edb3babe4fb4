//! The world that the steps change: where pages are recognized and translated.

use std::sync::Arc;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow_examples::{Journal, strikes};

/// It is slow, and fails now and then.
#[derive(Debug)]
pub(crate) struct Bureau {
    pub(crate) journal: Arc<Journal>,
    /// How long it takes at most to do something; the shortest time is half of that.
    pub(crate) each: Duration,
    /// How many in a hundred attempts fail.
    pub(crate) flaky: u8,
}

impl Bureau {
    /// Does something once.
    pub(crate) async fn work(&self, cx: &StepContext, what: String) -> Result<(), Failure> {
        if !self.each.is_zero() {
            // Of different lengths, so that pages overtake each other.
            let length = 0.5 + f64::from(u8::try_from(what.len() % 4).unwrap_or_default()) / 6.0;
            tokio::time::sleep(self.each.mul_f64(length)).await;
        }
        if strikes(cx, self.flaky) {
            return Err(Failure::new("out of paper"));
        }
        self.journal.once(cx, what)?;
        Ok(())
    }
}
