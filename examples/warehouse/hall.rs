//! The world that the steps change: a robot that packs, and a till.

use std::sync::Arc;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow_examples::{Journal, strikes};

/// Both of them.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) journal: Arc<Journal>,
    /// How long it takes to pack one item.
    pub(crate) each: Duration,
    /// How many in a hundred attempts fail.
    pub(crate) flaky: u8,
}

impl Hall {
    /// Packs an item, if it does not lie in its box: whoever asks again (a worker that has died had packed it, and not saved that) loses no time.
    pub(crate) async fn pack(&self, cx: &StepContext, place: usize, item: &str) -> Result<(), Failure> {
        if self.jams(cx, place) {
            self.journal.tell(format!("  the robot jams at item {}", place + 1));
            return Err(Failure::new("the robot has jammed"));
        }
        if self.journal.once(cx, what(place, item))? {
            tokio::time::sleep(self.each).await;
        }
        Ok(())
    }

    pub(crate) fn put_back(&self, cx: &StepContext, place: usize, item: &str) -> Result<(), Failure> {
        self.journal.undo(cx, &what(place, item))?;
        Ok(())
    }

    /// Does something small, once.
    pub(crate) fn act(&self, cx: &StepContext, what: &str) -> Result<(), Failure> {
        self.answer(cx)?;
        if self.journal.once(cx, what)? {
            self.journal.tell(format!("+ {what}"));
        }
        Ok(())
    }

    /// Nothing to undo is fine.
    pub(crate) fn undo(&self, cx: &StepContext, what: &str) -> Result<(), Failure> {
        self.answer(cx)?;
        if self.journal.undo(cx, what)? {
            self.journal.tell(format!("- {what}"));
        }
        Ok(())
    }

    fn answer(&self, cx: &StepContext) -> Result<(), Failure> {
        if strikes(cx, self.flaky) { Err(Failure::new("nobody answers")) } else { Ok(()) }
    }

    /// By chance, but always at the same items of the same attempts.
    fn jams(&self, cx: &StepContext, place: usize) -> bool {
        let seed = (u64::from(cx.attempt()) << 32) | place as u64;
        fastrand::Rng::with_seed(seed).u8(..100) < self.flaky
    }
}

fn what(place: usize, item: &str) -> String {
    format!("item {:04}, a {item}", place + 1)
}
