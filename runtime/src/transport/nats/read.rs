//! Reading an instance's last record.

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
}

/// The last record of an instance.
pub(super) async fn latest(carrier: &Carrier, instance: &InstanceId) -> Result<Option<Stored>, Error> {
    Ok(last(carrier, instance).await?.map(|last| last.stored))
}

/// The last record of an instance.
///
/// With one replica it is read directly. With several, any of them would answer a direct read, also one that lags
/// behind: so the leader is asked, which costs more but does not show a record that has been superseded.
pub(super) async fn last(carrier: &Carrier, instance: &InstanceId) -> Result<Option<Last>, Error> {
    carrier.check_open()?;
    let subject = carrier.layout.subject(instance);
    let failed = |error: String| match carrier.link.refusal(&subject) {
        Some(refusal) => {
            Error::new(ErrorKind::Denied, format!("reading {instance}: the NATS server refuses ({refusal})"))
        }
        None => Error::new(ErrorKind::Unreachable, format!("reading {instance} from {}: {error}", carrier.name)),
    };
    // Makes a handle; asks the server nothing.
    let stream = carrier.context.get_stream_no_info(carrier.layout.stream_of(instance)).await;
    let stream = stream.map_err(|error| failed(error.to_string()))?;
    let message = if carrier.layout.replicas == 1 {
        match stream.direct_get_last_for_subject(&subject).await {
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => return Ok(None),
            other => other.map_err(|error| failed(error.to_string()))?,
        }
    } else {
        match stream.get_last_raw_message_by_subject(&subject).await {
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => return Ok(None),
            other => other.map_err(|error| failed(error.to_string()))?,
        }
    };
    let StreamMessage { sequence, payload, headers, .. } = message;
    let stored = Stored { revision: Revision(sequence), payload };
    Ok(Some(Last { stored, not_before: not_before(&headers) }))
}
