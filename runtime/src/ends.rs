//! Telling the end of an instance to those who wait for it: its parent, and whoever has attached to it.
//!
//! It is a letter with the number of the call that waits. To tell it again changes nothing.

use std::time::Duration;

use crate::appending;
use crate::durable::Signal as _;
use crate::engine::{self, CHILD, LINE};
use crate::record::{self, ChildEnd, Codec, FailedCall, Fault, FaultKind, Letter, Record, Reply, StartedBy, Value};
use crate::transport::{AppendError, InstanceId, Post, Transport};
use crate::turns::{Left, Member};

/// Who is to be told of the end that this record is.
pub(crate) fn waiting(record: &Record) -> impl Iterator<Item = &StartedBy> {
    let parent = record.parent.as_deref().filter(|parent| !parent.detached);
    parent.into_iter().chain(&record.attached).filter(|_| record.status.is_terminal())
}

/// Whether a record is to be taken up at once, also if it is the last one or waits for a time: to look for mail, or to tell somebody of it.
pub(crate) fn is_to_be_taken_up(record: &Record) -> bool {
    let is_kept = record.status.is_terminal() && record.history.is_some();
    record.has_to_tell() || is_kept || waiting(record).next().is_some() || !engine::awaits(record).is_empty()
}

/// The same of a first record: nobody can have sent it mail yet.
pub(crate) fn first_is_to_be_taken_up(first: &Record) -> bool {
    first.has_to_tell() || first.line.is_some()
}

/// Tells one of them, for as long as `patience` lasts.
///
/// # Errors
///
/// Why that is not possible now.
pub(crate) async fn tell(
    transport: &dyn Transport,
    codec: &dyn Codec,
    record: &Record,
    who: &StartedBy,
    patience: Duration,
) -> Result<(), String> {
    match who.saga == LINE {
        true => leave(transport, codec, record, who, patience).await,
        false => post(transport, codec, who, engine::child_end(record, who), patience).await,
    }
}

/// Tells a line that one of those in it has come to its end.
async fn leave(
    transport: &dyn Transport,
    codec: &dyn Codec,
    record: &Record,
    line: &StartedBy,
    patience: Duration,
) -> Result<(), String> {
    let Ok(instance) = InstanceId::new(LINE, line.id.as_str()) else { return Ok(()) };
    let member = Member { id: record.id.clone(), life: record.life };
    let key = member.key(&record.saga);
    let value = Value::write(&Left { member }).map_err(|error| error.to_string())?;
    let payload = Letter::to_any(value).encode(codec);
    told(
        transport,
        Post { instance: &instance, name: Left::NAME, key: &key, remember: false, answer_for: None, payload },
        patience,
    )
    .await
}

/// Tells who has waited for a former life of an instance that its end is not known any more.
///
/// # Errors
///
/// Why that is not possible now.
pub(crate) async fn tell_gone(
    transport: &dyn Transport,
    codec: &dyn Codec,
    record: &Record,
    who: &StartedBy,
    patience: Duration,
) -> Result<(), String> {
    let message = gone(&format!("{}/{}", record.saga, record.id));
    let fault = Fault { of: record.saga.clone(), kind: FaultKind::NotFound, message, origin: None };
    let end = ChildEnd { call: who.call, reply: Reply::Fault(fault), failed: None };
    post(transport, codec, who, end, patience).await
}

/// What is said of an end that was superseded before it could be seen.
pub(crate) fn gone(instance: &impl std::fmt::Display) -> String {
    format!("{instance} came to its end, and its id was started anew")
}

async fn post(
    transport: &dyn Transport,
    codec: &dyn Codec,
    who: &StartedBy,
    mut end: ChildEnd,
    patience: Duration,
) -> Result<(), String> {
    let Ok(instance) = InstanceId::new(who.saga.as_str(), who.id.as_str()) else { return Ok(()) };
    let mut encoded = record::encode_end(codec, &end);
    if encoded.as_ref().is_ok_and(|payload| payload.len() > transport.max_record()) {
        // The output fits, as it was in a record; what led to it need not.
        end.failed = end.failed.map(|failed| Box::new(FailedCall { cause: None, ..*failed }));
        encoded = record::encode_end(codec, &end);
    }
    let payload = encoded.map_err(|error| error.to_string())?;
    let key = who.call.to_string();
    told(
        transport,
        Post { instance: &instance, name: CHILD, key: &key, remember: false, answer_for: None, payload },
        patience,
    )
    .await
}

async fn told(transport: &dyn Transport, post: Post<'_>, patience: Duration) -> Result<(), String> {
    match appending::post(transport, post, patience).await.map_err(|failed| failed.error) {
        // Or it was told before.
        Ok(_) | Err(AppendError::Superseded { .. }) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
