//! The world that the steps change: whoever rents cars, keeps hotels, flies and takes money, as small as can be.

use std::sync::Arc;
use std::time::Duration;

use sagaflow::StepContext;
use sagaflow_examples::{Journal, strikes};

use crate::domain::{Booking, TripError};
use crate::options::Failing;

/// All of them.
#[derive(Debug)]
pub(crate) struct Agency {
    pub(crate) journal: Arc<Journal>,
    /// The hotels that have no room.
    pub(crate) full: Vec<String>,
    /// What can't be had.
    pub(crate) failing: Option<Failing>,
    /// How many in a hundred calls get no answer.
    pub(crate) flaky: u8,
    /// How long a call takes.
    pub(crate) latency: Duration,
}

impl Agency {
    pub(crate) async fn book(
        &self,
        cx: &StepContext,
        booking: Booking,
        failing: Failing,
    ) -> Result<Booking, TripError> {
        self.call(cx).await?;
        self.refuse(failing, &format!("{} can't be had", booking.what))?;
        if self.journal.once(cx, booking.to_string())? {
            self.journal.tell(format!("+ {booking}"));
        }
        Ok(booking)
    }

    /// Nothing to undo is fine.
    pub(crate) async fn undo(&self, cx: &StepContext, what: &str) -> Result<(), TripError> {
        self.call(cx).await?;
        if self.journal.undo(cx, what)? {
            self.journal.tell(format!("- {what}"));
        }
        Ok(())
    }

    pub(crate) fn refuse(&self, failing: Failing, why: &str) -> Result<(), TripError> {
        if self.failing != Some(failing) {
            return Ok(());
        }
        self.journal.tell(format!("  {why}"));
        Err(TripError::Refused(why.to_owned()))
    }

    /// Takes its time, and gets no answer now and then.
    pub(crate) async fn call(&self, cx: &StepContext) -> Result<(), TripError> {
        tokio::time::sleep(self.latency).await;
        if strikes(cx, self.flaky) {
            self.journal.tell(format!("  nobody answers: {} is tried again", cx.step()));
            return Err(TripError::NoAnswer);
        }
        Ok(())
    }
}
