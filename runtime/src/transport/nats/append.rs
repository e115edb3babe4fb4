//! The conditional publish, and what the server's answers to it mean.

use std::time::{Duration, SystemTime};

use async_nats::HeaderMap;
use async_nats::header::{HeaderValue, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_TTL};
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, ErrorCode};
use jiff::Timestamp;

use super::Carrier;
use crate::transport::{Append, AppendError, Revision};

/// Beyond this, a record is kept for ever: the server reckons in nanoseconds that fit 292 years.
const LONGEST_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The header of a record that wants nothing before this time: for those who see records without their meaning.
pub(super) const NOT_BEFORE: &str = "Sagaflow-Not-Before";

/// Publishes the record on its condition, and waits for the server's answer. Many such calls share the connection:
/// each only waits for its own answer.
pub(super) async fn append(carrier: &Carrier, append: Append<'_>) -> Result<Revision, AppendError> {
    if carrier.is_closed() {
        return Err(AppendError::Refused(format!("the transport {} has been closed", carrier.name)));
    }
    let (size, limit) = (append.payload.len(), carrier.max_record());
    if size > limit {
        return Err(AppendError::TooLarge { size, limit });
    }
    let subject = carrier.layout.subject(append.instance);
    let mut headers = HeaderMap::new();
    let after = append.after.map_or(0, |revision| revision.0);
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(after));
    if let Some(time) = append.not_before {
        headers.insert(NOT_BEFORE, timestamp(time).to_string());
    }
    if let Some(keep) = append.keep {
        headers.insert(NATS_MESSAGE_TTL, ttl(keep));
    }
    let message = PublishMessage::build().payload(append.payload).headers(headers);

    // Whatever goes wrong before the message is handed to the connection: it is not sent.
    let answer = match carrier.context.send_publish(subject.clone(), message).await {
        Ok(answer) => answer,
        Err(error) if error.kind() == PublishErrorKind::Other => {
            return Err(AppendError::Refused(format!("the connection to {} has ended: {error}", carrier.name)));
        }
        Err(error) => return Err(meaning(&error, size, limit)),
    };
    match answer.await {
        Ok(ack) => Ok(Revision(ack.sequence)),
        Err(error) => Err(match (error.kind(), carrier.link.refusal(&subject)) {
            // The server does not answer what a user may not publish.
            (PublishErrorKind::TimedOut, Some(refusal)) => AppendError::Refused(refusal),
            _ => meaning(&error, size, limit),
        }),
    }
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
fn meaning(error: &PublishError, size: usize, limit: usize) -> AppendError {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<jetstream::Error>());
    match (error.kind(), source) {
        (_, Some(refusal)) => meaning_of_refusal(refusal, size, limit),
        (PublishErrorKind::MaxPayloadExceeded, None) => AppendError::TooLarge { size, limit },
        (PublishErrorKind::MaxAckPending, None) => AppendError::Busy(error.to_string()),
        // The rest is silence: a time-out, a lost connection, nobody there (an election), an answer that can't be read.
        (_, None) => AppendError::Unknown(error.to_string()),
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
