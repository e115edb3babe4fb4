//! Logs: a stream of its own for each. A line is published on the condition that its subject is empty, and the server removes it in its time.

use async_nats::header::{HeaderMap, HeaderValue, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_TTL};
use tokio::time::Instant;

use super::append::{meaning, ttl};
use super::workers::JOIN_TIMEOUT;
use super::{Carrier, scan};
use crate::transport::{AppendError, Line, Log, Logged, Of};
use crate::{Error, ErrorKind};

pub(super) async fn write_line(carrier: &Carrier, line: Line<'_>) -> Result<u64, AppendError> {
    if carrier.is_closed() {
        return Err(AppendError::Refused(format!("the transport {} has been closed", carrier.name)));
    }
    let (size, limit) = (line.payload.len(), carrier.max_record());
    if size > limit {
        return Err(AppendError::TooLarge { size, limit });
    }
    line.check()?;
    carrier.ensure_log(line.log, Instant::now() + JOIN_TIMEOUT).await.map_err(|error| match error.kind() {
        ErrorKind::Unreachable | ErrorKind::Busy => AppendError::Busy(error.to_string()),
        _ => AppendError::Refused(error.to_string()),
    })?;
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(0u64));
    headers.insert(NATS_MESSAGE_TTL, ttl(line.keep));
    let subject = carrier.layout.line(line.log, line.instance, line.key);
    carrier.publisher.publish(subject, headers, line.payload).await.map_err(|refusal| {
        match meaning(&refusal, carrier, size) {
            // What the server says is the sequence of the line that was there.
            AppendError::Superseded { .. } => AppendError::Superseded { last: None },
            other => other,
        }
    })
}

pub(super) async fn lines(
    carrier: &Carrier,
    log: Log,
    of: Of<'_>,
    after: u64,
    most: usize,
) -> Result<Vec<Logged>, Error> {
    carrier.check_open()?;
    carrier.ensure_log(log, Instant::now() + JOIN_TIMEOUT).await?;
    let (stream, filter) = (carrier.layout.log_stream(log), carrier.layout.lines(log, of));
    let found = scan::all(carrier, &stream, &filter, after.saturating_add(1), most).await?;
    let logged = |found: scan::Found| {
        let (instance, key) = carrier.layout.logged(log, &found.subject)?;
        Some(Logged { position: found.sequence, instance, key, payload: found.payload })
    };
    Ok(found.into_iter().filter_map(logged).collect())
}
