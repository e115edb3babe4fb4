//! Watching one instance: a record that is not [quiet](crate::transport::Append::quiet) is sent once more, to those who listen.
//!
//! Whoever has appended it sends it at once, and whoever gets it delivered sends it again before anything else: so that those
//! who listen are told also if the first dies in between. (The server could do it, for each record; that took a fifth of its time.)
//! Such messages come at most once all the same, so the record is also read: after subscribing, after a lost connection,
//! and, in case that a message got lost without a trace, every half minute.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::header::{HeaderMap, HeaderName, HeaderValue};
use async_nats::{Message, Subscriber};
use bytes::Bytes;
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::denials::Since;
use super::link::State;
use super::{Carrier, read};
use crate::transport::{InstanceId, Revision, Stored, Watch};
use crate::{Error, ErrorKind};

/// The header of a record that those who watch are told of.
pub(super) const ANNOUNCED: HeaderName = HeaderName::from_static("Sagaflow-Announced");

/// In what they are told: the record's revision.
const REVISION: HeaderName = HeaderName::from_static("Sagaflow-Revision");

/// How often to look without a reason.
const SAFETY_NET: Duration = Duration::from_secs(30);

/// After a read that failed.
const PAUSE: Duration = Duration::from_millis(500);

/// The records of one instance as they come.
pub(super) struct NatsWatch {
    carrier: Arc<Carrier>,
    instance: InstanceId,
    subscriber: Subscriber,
    link: watch::Receiver<State>,
    closed: watch::Receiver<bool>,
    /// Read when the watch began, and not yet yielded.
    first: Option<Stored>,
    /// The last record that was yielded.
    last: Option<Revision>,
    read_at: Instant,
}

impl NatsWatch {
    pub(super) async fn begin(carrier: &Arc<Carrier>, instance: &InstanceId) -> Result<Self, Error> {
        carrier.check_open()?;
        let subject = carrier.layout.watch_subject(instance);
        let link = carrier.link.watch();
        let subscriber = carrier
            .client
            .subscribe(subject)
            .await
            .map_err(|error| Error::new(ErrorKind::Unreachable, format!("watching {instance}: {error}")))?;
        // The server takes the subscription before the read: both go over one connection.
        let first = read::latest(carrier, instance).await?;
        Ok(Self {
            carrier: Arc::clone(carrier),
            instance: instance.clone(),
            subscriber,
            link,
            closed: carrier.closed.subscribe(),
            first,
            last: None,
            read_at: Instant::now() + SAFETY_NET,
        })
    }

    async fn next_record(&mut self) -> Option<Result<Stored, Error>> {
        loop {
            if *self.closed.borrow_and_update() {
                return None;
            }
            let seen = match self.first.take() {
                Some(first) => Some(first),
                None => tokio::select! {
                    biased;
                    _ = self.closed.changed() => continue,
                    message = self.subscriber.next() => record_in(message?),
                    error = denied(&self.carrier, &self.instance) => return Some(Err(error)),
                    _ = self.link.changed() => {
                        if self.link.borrow_and_update().connected {
                            self.read_at = Instant::now();
                        }
                        None
                    }
                    seen = read_when(self.read_at, &self.carrier, &self.instance) => match seen {
                        Ok(seen) => {
                            self.read_at = Instant::now() + SAFETY_NET;
                            seen
                        }
                        Err(error) if error.kind() == ErrorKind::Unreachable => {
                            tracing::debug!("{error}; reading again");
                            self.read_at = Instant::now() + PAUSE;
                            None
                        }
                        Err(error) => return Some(Err(error)),
                    },
                },
            };
            if let Some(stored) = seen.filter(|stored| self.last < Some(stored.revision)) {
                self.last = Some(stored.revision);
                return Some(Ok(stored));
            }
        }
    }
}

async fn read_when(time: Instant, carrier: &Carrier, instance: &InstanceId) -> Result<Option<Stored>, Error> {
    sleep_until(time).await;
    read::latest(carrier, instance).await
}

/// Waits for the server's complaint that this user may not watch the instance: it only comes beside the subscription.
async fn denied(carrier: &Carrier, instance: &InstanceId) -> Error {
    // From the beginning of the connection: watches of one instance share the subject.
    let denial = carrier.link.denied(&carrier.layout.watch_subject(instance), Since::CONNECTED).await;
    Error::new(ErrorKind::Denied, format!("watching {instance}: {denial}"))
}

/// Whether those who watch are told of this record.
pub(super) fn is_announced(record: &Message) -> bool {
    record.headers.as_ref().is_some_and(|headers| headers.get(ANNOUNCED).is_some())
}

/// Tells those who watch the instance of its record.
pub(super) async fn announce(carrier: &Carrier, instance: &InstanceId, revision: Revision, payload: Bytes) {
    let subject = carrier.layout.watch_subject(instance);
    let mut headers = HeaderMap::new();
    headers.insert(REVISION, HeaderValue::from(revision.0));
    if let Err(error) = carrier.client.publish_with_headers(subject, headers, payload).await {
        tracing::debug!(%instance, "those who watch were not told, and will look for themselves: {error}");
    }
}

/// The record in a message that tells of it.
fn record_in(message: Message) -> Option<Stored> {
    let sequence = message.headers.as_ref()?.get(REVISION)?.as_str().parse().ok()?;
    Some(Stored { revision: Revision(sequence), payload: message.payload })
}

impl Watch for NatsWatch {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Stored, Error>>> {
        Box::pin(self.next_record())
    }
}

impl fmt::Debug for NatsWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsWatch").field("instance", &self.instance).field("last", &self.last).finish_non_exhaustive()
    }
}
