//! Reading an instance's last record.

use async_nats::header::NATS_MESSAGE_TTL;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{DirectGetErrorKind, RawMessageErrorKind};
use jiff::Timestamp;

use super::Carrier;
use super::append::not_before;
use crate::transport::{InstanceId, Revision, Stored};
use crate::{Error, ErrorKind};

/// The last record of an instance, and before which time it wants nothing.
pub(super) struct Last {
    pub(super) stored: Stored,
    pub(super) not_before: Option<Timestamp>,
    /// It is only kept for a while, to protect the id.
    pub(super) terminal: bool,
}

/// The last record of an instance.
pub(super) async fn latest(carrier: &Carrier, instance: &InstanceId) -> Result<Option<Stored>, Error> {
    Ok(last(carrier, instance).await?.map(|last| last.stored))
}

/// The last record of an instance.
///
/// With one replica it is read directly. With several, any of them would answer a direct read, also one that lags
/// behind: so the leader is asked, which costs more but does not show a record that has been superseded. Who isn't trusted reads
/// directly in any case: to ask the leader, one must be permitted to ask for whatever there is.
pub(super) async fn last(carrier: &Carrier, instance: &InstanceId) -> Result<Option<Last>, Error> {
    carrier.check_open()?;
    let (subject, name) = (carrier.layout.subject(instance), carrier.layout.stream_of(instance));
    let direct = carrier.layout.replicas == 1 || carrier.hands_in;
    let asked =
        if direct { format!("$JS.API.DIRECT.GET.{name}.{subject}") } else { format!("$JS.API.STREAM.MSG.GET.{name}") };
    let since = carrier.link.since();
    let message = tokio::select! {
        biased;
        message = read(carrier, name, &subject, direct) => message.map_err(|error| {
            Error::new(ErrorKind::Unreachable, format!("reading {instance} from {}: {error}", carrier.name))
        })?,
        denial = carrier.link.denied(&asked, since) => {
            return Err(Error::new(ErrorKind::Denied, format!("reading {instance}: {denial}")));
        }
    };
    let Some(message) = message else { return Ok(None) };
    let StreamMessage { sequence, payload, headers, .. } = message;
    let stored = Stored { revision: Revision(sequence), payload };
    let terminal = headers.get(NATS_MESSAGE_TTL).is_some();
    Ok(Some(Last { stored, not_before: not_before(&headers), terminal }))
}

/// The sequence of the last message whose subject fits a filter, as the leader knows it; 0: there is none.
pub(super) async fn last_sequence(carrier: &Carrier, stream: &str, filter: &str) -> Result<u64, Error> {
    let (asked, since) = (format!("$JS.API.STREAM.MSG.GET.{stream}"), carrier.link.since());
    let message = tokio::select! {
        biased;
        message = read(carrier, stream.to_owned(), filter, false) => message.map_err(|error| {
            Error::new(ErrorKind::Unreachable, format!("reading `{filter}` from {}: {error}", carrier.name))
        })?,
        denial = carrier.link.denied(&asked, since) => {
            return Err(Error::new(ErrorKind::Denied, format!("reading `{filter}`: {denial}")));
        }
    };
    Ok(message.map_or(0, |message| message.sequence))
}

async fn read(carrier: &Carrier, stream: String, subject: &str, direct: bool) -> Result<Option<StreamMessage>, String> {
    // Makes a handle; asks the server nothing.
    let stream = carrier.context.get_stream_no_info(stream).await.map_err(|error| error.to_string())?;
    if direct {
        match stream.direct_get_last_for_subject(subject).await {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    } else {
        match stream.get_last_raw_message_by_subject(subject).await {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}
