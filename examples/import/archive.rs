//! The world that the steps change: where the lines go.

use std::sync::Arc;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow_examples::{Journal, strikes};

use crate::domain::ImportError;

/// A store that is busy now and then.
#[derive(Debug)]
pub(crate) struct Archive {
    pub(crate) journal: Arc<Journal>,
    /// How long it takes to store something.
    pub(crate) each: Duration,
    /// How many in a hundred attempts find it busy.
    pub(crate) flaky: u8,
}

impl Archive {
    /// Stores something once.
    pub(crate) async fn store(&self, cx: &StepContext, what: &str) -> Result<(), ImportError> {
        if strikes(cx, self.flaky) {
            return Err(ImportError::Busy);
        }
        if !self.each.is_zero() {
            tokio::time::sleep(self.each).await;
        }
        self.journal.once(cx, what)?;
        Ok(())
    }
}
