//! The conditional publish, and what the server's answers to it mean.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_TTL};
use async_nats::jetstream::{self, ErrorCode};
use jiff::Timestamp;

use super::publish::Refusal;
use super::{Carrier, purge, watch};
use crate::transport::{Append, AppendError, Revision};

/// Beyond this, a record is kept for ever: the server reckons in nanoseconds that fit 292 years.
const LONGEST_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The header of a record that wants nothing before this time: for those who see records without their meaning.
pub(super) const NOT_BEFORE: HeaderName = HeaderName::from_static("Sagaflow-Not-Before");

/// Publishes the record on its condition, and waits for the server's answer. Many such calls share the connection:
/// each only waits for its own answer.
pub(super) async fn append(carrier: &Arc<Carrier>, append: Append<'_>) -> Result<Revision, AppendError> {
    if carrier.is_closed() {
        return Err(AppendError::Refused(format!("the transport {} has been closed", carrier.name)));
    }
    let (instance, size, limit) = (append.instance, append.payload.len(), carrier.max_record());
    if size > limit {
        return Err(AppendError::TooLarge { size, limit });
    }
    let noted = append.after.filter(|_| append.noted);
    let announced = (!append.quiet).then(|| append.payload.clone());
    let (subject, headers) = (carrier.layout.subject(instance), headers(&append));
    match carrier.publisher.publish(subject, headers, append.payload).await {
        Ok(sequence) => {
            let revision = Revision(sequence);
            if let Some(before) = noted {
                purge::begin(carrier, carrier.layout.notes_stream(), carrier.layout.notes(instance, before), None);
            }
            if let Some(payload) = announced {
                // Boxed, as it is seldom: there is one of these futures for each step that is run anywhere.
                Box::pin(watch::announce(carrier, instance, revision, payload)).await;
            }
            Ok(revision)
        }
        Err(refusal) => Err(meaning(&refusal, carrier, size)),
    }
}

fn headers(append: &Append<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let after = append.after.map_or(0, |revision| revision.0);
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(after));
    if let Some(time) = append.not_before {
        headers.insert(NOT_BEFORE, timestamp(time).to_string());
    }
    if let Some(keep) = append.keep {
        headers.insert(NATS_MESSAGE_TTL, ttl(keep));
    }
    if !append.quiet {
        headers.insert(watch::ANNOUNCED, "1");
    }
    headers
}

/// A time as it is written into headers; one that can't be written is as far away as can be.
pub(super) fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::MAX)
}

/// Before which time a record wants nothing.
pub(super) fn not_before(headers: &HeaderMap) -> Option<Timestamp> {
    headers.get(NOT_BEFORE)?.as_str().parse().ok()
}

/// How long the server keeps a terminal record: whole seconds, rounded up.
pub(super) fn ttl(keep: Duration) -> String {
    if keep > LONGEST_TTL {
        return "never".to_owned();
    }
    let seconds = keep.as_secs() + u64::from(keep.subsec_nanos() > 0);
    seconds.max(1).to_string()
}

/// What a failed publish means to the one who appends.
pub(super) fn meaning(refusal: &Refusal, carrier: &Carrier, size: usize) -> AppendError {
    let limit = carrier.max_record();
    match refusal {
        Refusal::Answer(error) => meaning_of_refusal(error, size, limit),
        Refusal::TooLarge => AppendError::TooLarge { size, limit },
        Refusal::Ended => AppendError::Refused(format!("the connection to {} has ended", carrier.name)),
        Refusal::Denied(denial) => AppendError::Refused(denial.to_string()),
        Refusal::Silent(_) => AppendError::Unknown(refusal.to_string()),
    }
}

/// What the server's refusal means to the one who appends.
pub(super) fn meaning_of_refusal(refusal: &jetstream::Error, size: usize, limit: usize) -> AppendError {
    match refusal.error_code() {
        ErrorCode::STREAM_WRONG_LAST_SEQUENCE => {
            // "wrong last sequence: 17"; 0 says that there is no record any more.
            let text = refusal.to_string();
            let number = text.split(": ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
            AppendError::Superseded { last: number.filter(|last| *last != 0).map(Revision) }
        }
        // Not decided: another write to the subject is proposed to the cluster, and may yet fail.
        ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT => AppendError::Undecided,
        ErrorCode::STREAM_STORE_FAILED
        | ErrorCode::INSUFFICIENT_RESOURCES
        | ErrorCode::STORAGE_RESOURCES_EXCEEDED
        | ErrorCode::STREAM_TOO_MANY_REQUESTS => AppendError::Busy(refusal.to_string()),
        ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM | ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM => {
            AppendError::TooLarge { size, limit }
        }
        // The cluster is between two leaders: whether the old one still stored it, nobody knows.
        ErrorCode::CLUSTER_NOT_AVAILABLE | ErrorCode::CLUSTER_NOT_LEADER => AppendError::Unknown(refusal.to_string()),
        _ => AppendError::Refused(refusal.to_string()),
    }
}
