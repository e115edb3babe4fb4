//! What is written down for others before a record is superseded: the events that it has to tell, and itself, if its former records are kept.
//!
//! To write it again changes nothing.

use std::time::Duration;

use crate::appending;
use crate::record::{Codec, Record};
use crate::transport::{AppendError, InstanceId, Line, Log, Stored, Transport};

/// Tells the events of a record.
///
/// # Errors
///
/// Why that is not possible now.
pub(crate) async fn tell_events(
    transport: &dyn Transport,
    codec: &dyn Codec,
    instance: &InstanceId,
    record: &Record,
    (keep, patience): (Duration, Duration),
) -> Result<(), AppendError> {
    for (key, payload) in record.events_to_tell(codec) {
        write(transport, Line { log: Log::Events, instance, key: &key, keep, payload }, patience).await?;
    }
    Ok(())
}

/// Keeps a record in the history of its instance.
///
/// # Errors
///
/// Why that is not possible now.
pub(crate) async fn keep(
    transport: &dyn Transport,
    instance: &InstanceId,
    stored: &Stored,
    keep: Duration,
    patience: Duration,
) -> Result<(), AppendError> {
    let (key, payload) = (stored.revision.to_string(), stored.payload.clone());
    write(transport, Line { log: Log::History, instance, key: &key, keep, payload }, patience).await
}

async fn write(transport: &dyn Transport, line: Line<'_>, patience: Duration) -> Result<(), AppendError> {
    match appending::write_line(transport, line, patience).await.map_err(|failed| failed.error) {
        // Or it was written before.
        Ok(_) | Err(AppendError::Superseded { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

impl Record {
    /// How long its former records are kept, if they are.
    pub(crate) fn keeps_history(&self) -> Option<Duration> {
        self.history.map(Duration::from_secs)
    }
}
