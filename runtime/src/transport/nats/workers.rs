//! The consumers: one for the records of a saga in each shard, one for its timers; shared by all workers of the saga.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{self, AckPolicy, DeliverPolicy, IntoConsumerConfig};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::Carrier;
use super::fault::{Fault, Nothing, ask};
use super::layout::Layout;
use crate::{Error, ErrorKind};

/// How long to join for: an election of the consumer's leader takes about half of it.
const JOIN_TIMEOUT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

/// Not updatable, and shared by all workers of a saga: two requests for each.
const MAX_WAITING: i64 = 2048;
const MAX_ACK_PENDING: i64 = 20_000;

/// The consumer that all workers of a saga share.
#[derive(Debug, Clone)]
pub(super) struct Workers {
    pub(super) saga: Arc<str>,
    pub(super) source: Source,
    pub(super) ack_wait: Duration,
}

/// What a consumer delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The records of one shard.
    Records(u16),
    /// The timers that have fired.
    Wakes,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records(shard) => write!(f, "shard {shard}"),
            Self::Wakes => f.write_str("timers"),
        }
    }
}

impl Workers {
    /// The stream that the consumer belongs to.
    pub(super) fn stream(&self, layout: &Layout) -> String {
        match self.source {
            Source::Records(shard) => layout.stream(shard),
            Source::Wakes => layout.timers_stream(),
        }
    }

    /// Which messages of that stream it delivers.
    pub(super) fn filter(&self, layout: &Layout) -> String {
        match self.source {
            Source::Records(shard) => layout.filter(shard, &self.saga),
            Source::Wakes => layout.wakes(&self.saga),
        }
    }

    /// How the consumer fares.
    pub(super) async fn info(&self, carrier: &Carrier) -> Result<consumer::Info, Fault> {
        let subject = format!("CONSUMER.INFO.{}.{}", self.stream(&carrier.layout), self.saga);
        ask(&carrier.context, &carrier.link, subject, &Nothing {}).await
    }

    /// As [`ensure`](Self::ensure), but an election is waited for.
    pub(super) async fn ensure_patiently(&self, carrier: &Carrier) -> Result<(), Error> {
        let deadline = Instant::now() + JOIN_TIMEOUT;
        loop {
            match self.ensure(carrier).await {
                Err(error)
                    if matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Busy)
                        && Instant::now() + PAUSE < deadline =>
                {
                    sleep(PAUSE).await;
                }
                joined => return joined,
            }
        }
    }

    /// Finds or makes the consumer. It is never updated: other workers rely on it.
    pub(super) async fn ensure(&self, carrier: &Carrier) -> Result<(), Error> {
        let stream = self.stream(&carrier.layout);
        let saga = &*self.saga;
        let found = match self.info(carrier).await {
            Err(fault) if fault.is(ErrorCode::CONSUMER_NOT_FOUND) => match self.make(carrier, &stream).await {
                // Another worker was faster.
                Err(fault)
                    if fault.is(ErrorCode::CONSUMER_ALREADY_EXISTS) || fault.is(ErrorCode::CONSUMER_NAME_EXIST) =>
                {
                    self.info(carrier).await
                }
                made => made,
            },
            found => found,
        };
        let found = found.map_err(|fault| match fault {
            fault if fault.is(ErrorCode::STREAM_NOT_FOUND) => Error::new(
                ErrorKind::Mismatch,
                format!("the stream `{stream}` is gone from {}: restore it", carrier.name),
            ),
            fault => fault.into_error(&format!("joining the workers of `{saga}` in the stream `{stream}`")),
        })?;
        if found.config.ack_wait != self.ack_wait {
            tracing::warn!(
                "the workers of `{saga}` in the stream `{stream}` have an ack wait of {:?}, not of {:?} as asked for: the server's holds for all of them",
                found.config.ack_wait,
                self.ack_wait
            );
        }
        let filter = self.filter(&carrier.layout);
        if found.config.filter_subject != filter || found.config.ack_policy != AckPolicy::Explicit {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "the consumer `{saga}` of the stream `{stream}` is not sagaflow's: its filter must be {filter}, its ack policy explicit; delete it, and it is made again"
                ),
            ));
        }
        Ok(())
    }

    async fn make(&self, carrier: &Carrier, stream: &str) -> Result<consumer::Info, Fault> {
        let saga = &*self.saga;
        let filter = self.filter(&carrier.layout);
        let config = consumer::pull::Config {
            durable_name: Some(saga.to_owned()),
            name: Some(saga.to_owned()),
            description: Some("The workers of a saga".to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.ack_wait,
            // Records count attempts, not the server; and no back-off, which would falsify the delays of handing back.
            max_deliver: -1,
            max_ack_pending: MAX_ACK_PENDING,
            max_waiting: MAX_WAITING,
            filter_subject: filter.clone(),
            ..consumer::pull::Config::default()
        };
        let request = json!({ "stream_name": stream, "config": config.into_consumer_config(), "action": "create" });
        ask(&carrier.context, &carrier.link, format!("CONSUMER.CREATE.{stream}.{saga}.{filter}"), &request).await
    }
}
