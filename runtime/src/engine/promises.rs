//! Promises: which of them can still be resolved. A promise is open as long as the saga can come to what it has promised: its number stands in
//! the frame, in a variable or where it is awaited.

use super::mail::queue_of_promise;
use super::turn::Turn;
use crate::durable::marker_of_promise;
use crate::record::{Record, Status};

impl Turn<'_> {
    /// Notes in the record which promises are open. Those of an instance that has come to its end stay as they were, but for those that it has taken.
    pub(super) fn note_promises(&mut self, record: &mut Record) {
        if !self.promises.is_empty() {
            record.promises.extend(self.promises.drain(..));
            self.changes.note();
        }
        if record.promises.is_empty() {
            return;
        }
        if record.status != Status::Running {
            // The one that has led to the end was taken.
            record.promises.retain(|number, _| !self.inbox.resolved.contains(&queue_of_promise(*number)));
            return;
        }
        // A frame was read or made of what can be written.
        let frame = serde_json::to_string(&record.frame).unwrap_or_default();
        let before = record.promises.len();
        record.promises.retain(|number, _| {
            frame.contains(&marker_of_promise(*number)) || frame.contains(&format!("\"{}\"", queue_of_promise(*number)))
        });
        if record.promises.len() != before {
            self.changes.note();
        }
    }
}
