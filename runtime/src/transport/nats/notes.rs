//! Notes: a stream of their own, one message for each, which is stored on the condition that there is none on its subject.
//!
//! The stream of notes does not know the streams of records: whether the record of a note is still the last, nobody asks. What is
//! void is purged by whoever has appended the next record, and otherwise by the sweeper (`sides`). There is no limit on their age:
//! a record can wait for long, and its notes are a part of it.

use async_nats::HeaderMap;
use async_nats::header::{HeaderValue, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE};
use bytes::Bytes;
use tokio::time::Instant;

use super::append::meaning;
use super::scan::Found;
use super::workers::JOIN_TIMEOUT;
use super::{Carrier, scan};
use crate::transport::{AppendError, InstanceId, Note, Revision};
use crate::{Error, ErrorKind};

pub(super) async fn note(carrier: &Carrier, note: Note<'_>) -> Result<(), AppendError> {
    if carrier.is_closed() {
        return Err(AppendError::Refused(format!("the transport {} has been closed", carrier.name)));
    }
    let (size, limit) = (note.payload.len(), carrier.max_record());
    if size > limit {
        return Err(AppendError::TooLarge { size, limit });
    }
    // Whoever has a record has most likely joined its workers, and then they are there.
    carrier.ensure_workers_streams(Instant::now() + JOIN_TIMEOUT).await.map_err(|error| match error.kind() {
        ErrorKind::Unreachable | ErrorKind::Busy => AppendError::Busy(error.to_string()),
        _ => AppendError::Refused(error.to_string()),
    })?;
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(0u64));
    let subject = carrier.layout.note(note.instance, note.of, note.number);
    match carrier.publisher.publish(subject, headers, note.payload).await {
        Ok(_) => Ok(()),
        Err(refusal) => Err(match meaning(&refusal, carrier, size) {
            // What the server says is the sequence of the other note.
            AppendError::Superseded { .. } => AppendError::Superseded { last: None },
            other => other,
        }),
    }
}

pub(super) async fn notes(carrier: &Carrier, instance: &InstanceId, of: Revision) -> Result<Vec<Bytes>, Error> {
    carrier.check_open()?;
    carrier.ensure_workers_streams(Instant::now() + JOIN_TIMEOUT).await?;
    let (stream, filter) = (carrier.layout.notes_stream(), carrier.layout.notes(instance, of));
    let found = scan::all(carrier, &stream, &filter, 1, usize::MAX).await?;
    let mut notes: Vec<_> = found.into_iter().filter_map(|found| Some((number(carrier, &found)?, found))).collect();
    notes.sort_unstable_by_key(|(number, _)| *number);
    let in_order = (0..).zip(notes).take_while(|(n, (number, _))| n == number);
    Ok(in_order.map(|(_, (_, found))| found.payload).collect())
}

fn number(carrier: &Carrier, found: &Found) -> Option<u64> {
    carrier.layout.noted(&found.subject).map(|(_, _, number)| number)
}
