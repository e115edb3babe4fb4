//! Mail: a stream in which it stays until it is taken, and a consumer of it that tells the workers of a saga.
//!
//! What the consumer delivers is a *notice*: as with a wake (`timers`), the instance's last record is read, and the notice stands for it
//! until somebody settles it. To acknowledge a notice removes no mail; what was taken, and the mail of an instance that has come to its end, is
//! purged in the background, and what is left of it by the sweeper (`sides`).

use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use async_nats::header::{HeaderMap, HeaderValue, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_TTL};
use tokio::time::Instant;

use super::ack::{About, NatsAck};
use super::append::{meaning, ttl};
use super::hands::InHand;
use super::layout::Layout;
use super::workers::JOIN_TIMEOUT;
use super::{Carrier, purge, read, scan};
use crate::transport::{Ack, AppendError, Delivery, Discard, InstanceId, Mail, Notice, Post, Revision};
use crate::{Error, ErrorKind};

/// When a notice comes again that could not be dealt with.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) async fn post(carrier: &Carrier, post: Post<'_>) -> Result<u64, AppendError> {
    if carrier.is_closed() {
        return Err(AppendError::Refused(format!("the transport {} has been closed", carrier.name)));
    }
    let (size, limit) = (post.payload.len(), carrier.max_record());
    if size > limit {
        return Err(AppendError::TooLarge { size, limit });
    }
    post.check()?;
    carrier.ensure_mail(Instant::now() + JOIN_TIMEOUT).await.map_err(|error| match error.kind() {
        ErrorKind::Unreachable | ErrorKind::Busy => AppendError::Busy(error.to_string()),
        _ => AppendError::Refused(error.to_string()),
    })?;
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(0u64));
    if let Some(time) = post.answer_for {
        headers.insert(NATS_MESSAGE_TTL, ttl(time));
    }
    let subject = carrier.layout.letter(&post);
    carrier.publisher.publish(subject, headers, post.payload).await.map_err(|refusal| {
        match meaning(&refusal, carrier, size) {
            // What the server says is the sequence of the mail that was there.
            AppendError::Superseded { .. } => AppendError::Superseded { last: None },
            other => other,
        }
    })
}

pub(super) async fn mail(
    carrier: &Carrier,
    instance: &InstanceId,
    name: &str,
    after: u64,
    most: usize,
) -> Result<Vec<Mail>, Error> {
    carrier.check_open()?;
    carrier.ensure_mail(Instant::now() + JOIN_TIMEOUT).await?;
    let (stream, filter) = (carrier.layout.mail_stream(), carrier.layout.queue(instance, name));
    let found = scan::all(carrier, &stream, &filter, after.saturating_add(1), most).await?;
    Ok(found.into_iter().map(|found| Mail { number: found.sequence, payload: found.payload }).collect())
}

pub(super) async fn mailbox(carrier: &Carrier, instance: &InstanceId) -> Result<Vec<(String, u64)>, Error> {
    carrier.check_open()?;
    carrier.ensure_mail(Instant::now() + JOIN_TIMEOUT).await?;
    let (stream, queue) = (carrier.layout.mail_stream(), |subject: &str| Some(carrier.layout.posted(subject)?.1));
    let mut all = Vec::new();
    for filter in carrier.layout.mailbox(instance) {
        let found = scan::all(carrier, &stream, &filter, 1, usize::MAX).await?;
        all.extend(found.into_iter().filter_map(|found| Some((queue(&found.subject)?, found.sequence))));
    }
    all.sort_unstable_by_key(|(_, number)| *number);
    Ok(all)
}

pub(super) fn discard(carrier: &Arc<Carrier>, instance: &InstanceId, which: Discard<'_>) {
    let begin = |filter, up_to| purge::begin(carrier, carrier.layout.mail_stream(), filter, Some(up_to));
    match which {
        Discard::Taken { name, up_to } => begin(carrier.layout.queue_once(instance, name), up_to),
        Discard::Ended { up_to } => {
            carrier.layout.mailbox(instance).into_iter().for_each(|filter| begin(filter, up_to));
        }
    }
}

/// What a notice delivers: the last record of the instance that the mail is for. `None`: it has none, or this is an answer, and the notice has been settled.
pub(super) async fn delivery(
    carrier: Arc<Carrier>,
    (instance, name): (InstanceId, String),
    message: Message,
    in_hand: InHand,
) -> Option<Delivery> {
    let reply = message.reply?;
    let About { revision: number, delivered } = About::read(&reply)?;
    let is_answer = Layout::is_answer(&message.subject);
    let last = if is_answer { Ok(None) } else { read::last(&carrier, &instance).await };
    let revision = last.as_ref().ok().and_then(Option::as_ref).map_or(Revision(0), |last| last.stored.revision);
    let handle = NatsAck {
        carrier: Arc::clone(&carrier),
        reply,
        instance: instance.clone(),
        revision,
        wake: true,
        _in_hand: in_hand,
    };
    match last {
        Ok(Some(last)) => {
            let (payload, notice) = (last.stored.payload, Some(Notice { name, number }));
            Some(Delivery { instance, revision, payload, delivered, notice, handle: Box::new(handle) })
        }
        Ok(None) => {
            handle.ack().await;
            None
        }
        Err(error) => {
            tracing::warn!(%instance, "there is mail, and its record can't be read; the notice comes again: {error}");
            handle.nak(AGAIN).await;
            None
        }
    }
}
