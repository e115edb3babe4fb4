//! Putting an instance into the line in which it waits for its turn.

use std::time::Duration;

use super::job::Job;
use super::mail::LATER;
use crate::record::{InLine, Record};
use crate::turns::Join;

/// When it is asked again whether it stands in a line that is about to end.
const AGAIN: Duration = Duration::from_secs(1);

impl Job<'_> {
    /// Puts the instance into its line, before its record is left to wait: so a record that nobody works on stands in one. `false`: that is not
    /// possible now, and the delivery has been handed back.
    pub(super) async fn stand_in(&self, line: &InLine, record: &Record) -> bool {
        let join = Join::of(record, line);
        let (instance, handle) = (&self.delivery.instance, &self.delivery.handle);
        match self.worker.client.queue_up(&join, &line.of).await {
            Ok(true) => true,
            Ok(false) => {
                handle.nak(AGAIN).await;
                false
            }
            Err(error) => {
                tracing::warn!(%instance, line = line.of, "it can't be put into its line now; the record comes again: {error}");
                handle.nak(LATER).await;
                false
            }
        }
    }
}
