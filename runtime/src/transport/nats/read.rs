//! Reading an instance's last record.

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{DirectGetErrorKind, RawMessageErrorKind};

use super::Carrier;
use crate::transport::{InstanceId, Revision, Stored};
use crate::{Error, ErrorKind};

/// The last record of an instance.
///
/// With one replica it is read directly. With several, any of them would answer a direct read, also one that lags
/// behind: so the leader is asked, which costs more but does not show a record that has been superseded.
pub(super) async fn latest(carrier: &Carrier, instance: &InstanceId) -> Result<Option<Stored>, Error> {
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
    let StreamMessage { sequence, payload, .. } = message;
    Ok(Some(Stored { revision: Revision(sequence), payload }))
}
