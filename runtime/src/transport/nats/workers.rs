//! The consumers: one for the records of a saga in each shard, one for its timers, one for its mail; shared by all workers of the saga.

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
use super::provision::{Provision, Provisioned};
use crate::{Error, ErrorKind};

/// How long to join for: an election of the consumer's leader takes about half of it.
pub(super) const JOIN_TIMEOUT: Duration = Duration::from_secs(10);
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
    /// Mail, for the notices of it.
    Mail,
    /// What was handed in at the ingress.
    Entries,
}

impl Source {
    /// All that a saga's workers get.
    pub(super) fn all(shards: u16) -> impl Iterator<Item = Self> {
        (0..shards).map(Self::Records).chain([Self::Wakes, Self::Mail, Self::Entries])
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records(shard) => write!(f, "shard {shard}"),
            Self::Wakes => f.write_str("timers"),
            Self::Mail => f.write_str("mail"),
            Self::Entries => f.write_str("ingress"),
        }
    }
}

impl Workers {
    /// The stream that the consumer belongs to.
    pub(super) fn stream(&self, layout: &Layout) -> String {
        match self.source {
            Source::Records(shard) => layout.stream(shard),
            Source::Wakes => layout.timers_stream(),
            Source::Mail => layout.mail_stream(),
            Source::Entries => layout.ingress_stream(),
        }
    }

    /// Which messages of that stream it delivers.
    pub(super) fn filter(&self, layout: &Layout) -> String {
        match self.source {
            Source::Records(shard) => layout.filter(shard, &self.saga),
            Source::Wakes => layout.wakes(&self.saga),
            Source::Mail => layout.mail_of(&self.saga),
            Source::Entries => layout.entries(&self.saga),
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

    /// Finds or makes the consumer. It is never changed: other workers rely on it.
    pub(super) async fn ensure(&self, carrier: &Carrier) -> Result<(), Error> {
        let (stream, saga) = (self.stream(&carrier.layout), &*self.saga);
        let (found, _) = self.find_or_make(carrier).await?;
        // The server answers a request for deliveries that is not permitted by silence, too.
        if let Some(denial) = carrier.link.denial(&format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{saga}")) {
            return Err(Error::new(ErrorKind::Denied, format!("getting deliveries of `{saga}`: {denial}")));
        }
        if found.ack_wait != self.ack_wait {
            tracing::warn!(
                "the workers of `{saga}` in the stream `{stream}` have an ack wait of {:?}, not of {:?} as asked for: the server's holds for all of them",
                found.ack_wait,
                self.ack_wait
            );
        }
        // What would drop deliveries, or falsify their delays.
        match self.differences(carrier, &found, None).first() {
            None => Ok(()),
            Some(difference) => Err(self.mismatch(carrier, difference)),
        }
    }

    /// The same for an administrator, who may change it.
    pub(super) async fn provision(
        &self,
        carrier: &Carrier,
        wanted: &Provision,
        done: &mut Provisioned,
    ) -> Result<(), Error> {
        let (stream, saga) = (self.stream(&carrier.layout), &*self.saga);
        let what = format!("consumer `{saga}` of the stream `{stream}`");
        let (found, is_new) = self.find_or_make(carrier).await?;
        if is_new {
            done.made.push(what);
            return Ok(());
        }
        let differences = self.differences(carrier, &found, wanted.ack_wait);
        match differences.first() {
            None => {
                done.found.push(what);
                return Ok(());
            }
            Some(difference) if !wanted.update => return Err(self.mismatch(carrier, difference)),
            Some(_) => {}
        }
        let mut config = self.config(carrier);
        config.ack_wait = wanted.ack_wait.unwrap_or(found.ack_wait);
        let updated = self.send(carrier, &config, "update").await;
        updated.map_err(|fault| fault.into_error(&format!("changing the {what}")))?;
        done.changed.extend(differences.iter().map(|difference| format!("{what}: {difference}")));
        Ok(())
    }

    async fn find_or_make(&self, carrier: &Carrier) -> Result<(consumer::Config, bool), Error> {
        let (stream, saga) = (self.stream(&carrier.layout), &*self.saga);
        let mut made = false;
        let found = match self.info(carrier).await {
            Err(fault) if fault.is(ErrorCode::CONSUMER_NOT_FOUND) => {
                made = true;
                match self.send(carrier, &self.config(carrier), "create").await {
                    // Another worker was faster.
                    Err(fault)
                        if fault.is(ErrorCode::CONSUMER_ALREADY_EXISTS) || fault.is(ErrorCode::CONSUMER_NAME_EXIST) =>
                    {
                        made = false;
                        self.info(carrier).await
                    }
                    Err(Fault::Denied(denial)) => {
                        return Err(Error::new(
                            ErrorKind::Denied,
                            format!(
                                "the stream `{stream}` has no consumer `{saga}`, and this user may not make it: have an administrator call `nats::provision` for this saga ({denial})"
                            ),
                        ));
                    }
                    made => made,
                }
            }
            found => found,
        };
        let found = found.map_err(|fault| match fault {
            fault if fault.is(ErrorCode::STREAM_NOT_FOUND) => Error::new(
                ErrorKind::Mismatch,
                format!("the stream `{stream}` is gone from {}: restore it", carrier.name),
            ),
            fault => fault.into_error(&format!("joining the workers of `{saga}` in the stream `{stream}`")),
        })?;
        Ok((found.config, made))
    }

    /// What differs from what sagaflow needs.
    fn differences(&self, carrier: &Carrier, found: &consumer::Config, ack_wait: Option<Duration>) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut compare = |setting, found: String, needed: String, fixed| {
            if found != needed {
                differences.push(Difference { setting, found, needed, fixed });
            }
        };
        compare("filter_subject", found.filter_subject.clone(), self.filter(&carrier.layout), true);
        compare("ack_policy", format!("{:?}", found.ack_policy), format!("{:?}", AckPolicy::Explicit), true);
        compare("max_deliver", found.max_deliver.to_string(), "-1".to_owned(), false);
        compare("backoff", format!("{:?}", found.backoff), "[]".to_owned(), false);
        if let Some(ack_wait) = ack_wait {
            compare("ack_wait", format!("{:?}", found.ack_wait), format!("{ack_wait:?}"), false);
        }
        differences
    }

    fn mismatch(&self, carrier: &Carrier, difference: &Difference) -> Error {
        let (stream, saga) = (self.stream(&carrier.layout), &*self.saga);
        let advice = match difference.fixed {
            true => "delete it, and it is made again",
            false => {
                "have an administrator change it (`nats::provision` with `update`), or delete it, and it is made again"
            }
        };
        let text = format!("the consumer `{saga}` of the stream `{stream}` is not sagaflow's: {difference}; {advice}");
        Error::new(ErrorKind::Mismatch, text)
    }

    fn config(&self, carrier: &Carrier) -> consumer::pull::Config {
        let saga = &*self.saga;
        consumer::pull::Config {
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
            filter_subject: self.filter(&carrier.layout),
            ..consumer::pull::Config::default()
        }
    }

    async fn send(
        &self,
        carrier: &Carrier,
        config: &consumer::pull::Config,
        action: &str,
    ) -> Result<consumer::Info, Fault> {
        let (stream, saga, filter) = (self.stream(&carrier.layout), &self.saga, self.filter(&carrier.layout));
        let request = json!({ "stream_name": stream, "config": config.into_consumer_config(), "action": action });
        ask(&carrier.context, &carrier.link, format!("CONSUMER.CREATE.{stream}.{saga}.{filter}"), &request).await
    }
}

/// A setting of a consumer that is not as it should be.
struct Difference {
    setting: &'static str,
    found: String,
    needed: String,
    /// It can't be changed.
    fixed: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its {} is {} and must be {}", self.setting, self.found, self.needed)
    }
}
