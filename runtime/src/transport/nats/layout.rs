//! Which streams and subjects there are; making the streams, and checking those that exist.
//!
//! | what | name |
//! |---|---|
//! | a stream per shard | `PREFIX-SHARD`, for `PREFIX.SHARD.>` |
//! | the record of an instance | `PREFIX.SHARD.SAGA.ID` |
//! | the same record, sent once to those who watch | `PREFIX.watch.SAGA.ID` |
//! | the workers of a saga | the consumer `SAGA` of each stream |
//! | one stream for the timers of all shards | `PREFIX-timers`, for `PREFIX.timers.>` |
//! | the timer of an instance: at its time the server publishes its message to … | `PREFIX.timers.at.SAGA.ID` |
//! | … the wake of the record for which it was set | `PREFIX.timers.wake.SAGA.ID.REVISION` |
//! | whose turn it is to look for records that nobody works on | `PREFIX.timers.sweep.SAGA.SHARD` |
//!
//! **The shard of an id never changes**: it is FNV-1a (64 bits) of the id's bytes, its upper half xored into
//! its lower, modulo the number of shards. Streams carry that number and the version of this layout as metadata.

use std::collections::HashMap;

use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, Republish, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, ErrorCode};
use tokio::time::{Duration, Instant, sleep};

use super::fault::{Fault, Nothing, ask};
use super::link::Link;
use crate::transport::{ConnectOptions, InstanceId, Revision};
use crate::{Error, ErrorKind};

/// The metadata of a stream that say how it was divided.
const SHARDS: &str = "sagaflow.shards";
const LAYOUT: &str = "sagaflow.layout";
const LAYOUT_VERSION: &str = "1";

/// The names and numbers of one application's streams.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    prefix: String,
    shards: u16,
    pub(super) replicas: u8,
}

impl Layout {
    pub(super) fn new(options: &ConnectOptions) -> Result<Self, Error> {
        let ConnectOptions { prefix, shards, replicas, .. } = options;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let wrong = if prefix.is_empty() || prefix.len() > 64 || !prefix.chars().all(fits) {
            format!("the prefix `{prefix}` can't be used: allowed are 1 to 64 ASCII letters, digits, `-` and `_`")
        } else if *shards == 0 {
            "0 shards hold nothing: 1 is the least".to_owned()
        } else if !(1..=5).contains(replicas) {
            format!("{replicas} replicas are not possible: NATS keeps 1 to 5")
        } else {
            return Ok(Self { prefix: prefix.clone(), shards: *shards, replicas: *replicas });
        };
        Err(Error::new(ErrorKind::Other, wrong))
    }

    pub(super) fn shards(&self) -> u16 {
        self.shards
    }

    fn shard_of(&self, id: &str) -> u16 {
        shard_of(id, self.shards)
    }

    pub(super) fn stream(&self, shard: u16) -> String {
        format!("{}-{shard}", self.prefix)
    }

    pub(super) fn stream_of(&self, instance: &InstanceId) -> String {
        self.stream(self.shard_of(instance.id()))
    }

    /// Where the instance's record is.
    pub(super) fn subject(&self, instance: &InstanceId) -> String {
        format!("{}.{}.{}.{}", self.prefix, self.shard_of(instance.id()), instance.saga(), instance.id())
    }

    /// Where the instance's records are sent once more.
    pub(super) fn watch_subject(&self, instance: &InstanceId) -> String {
        format!("{}.watch.{}.{}", self.prefix, instance.saga(), instance.id())
    }

    /// Which records the workers of a saga get.
    pub(super) fn filter(&self, shard: u16, saga: &str) -> String {
        format!("{}.{shard}.{saga}.*", self.prefix)
    }

    /// The stream of the timers.
    pub(super) fn timers_stream(&self) -> String {
        format!("{}-timers", self.prefix)
    }

    /// Where the instance's timer stands until its time has come.
    pub(super) fn timer(&self, instance: &InstanceId) -> String {
        format!("{}.timers.at.{}.{}", self.prefix, instance.saga(), instance.id())
    }

    /// Where the instance is woken, if this is still its last record.
    pub(super) fn wake(&self, instance: &InstanceId, revision: Revision) -> String {
        format!("{}.timers.wake.{}.{}.{revision}", self.prefix, instance.saga(), instance.id())
    }

    /// Which wakes the workers of a saga get.
    pub(super) fn wakes(&self, saga: &str) -> String {
        format!("{}.timers.wake.{saga}.*.*", self.prefix)
    }

    /// Who may sweep next; see `sweep`.
    pub(super) fn sweep(&self, saga: &str, shard: u16) -> String {
        format!("{}.timers.sweep.{saga}.{shard}", self.prefix)
    }

    /// Takes the subject of a wake apart.
    pub(super) fn woken(&self, subject: &str) -> Option<(InstanceId, Revision)> {
        let rest = subject.strip_prefix(&*self.prefix)?.strip_prefix(".timers.wake.")?;
        let mut tokens = rest.split('.');
        let instance = InstanceId::new(tokens.next()?, tokens.next()?).ok()?;
        Some((instance, Revision(tokens.next()?.parse().ok()?)))
    }

    /// The settings of the timers' stream. A wake is gone when it is acknowledged (so: a work queue). It is one stream
    /// for all shards: a timer is set once for a long wait, where a record is appended for every step.
    pub(super) fn timers_config(&self) -> Config {
        Config {
            name: self.timers_stream(),
            description: Some("The timers of sagaflow: they wake instances that wait for long".to_owned()),
            subjects: vec![format!("{}.timers.>", self.prefix)],
            retention: RetentionPolicy::WorkQueue,
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            num_replicas: usize::from(self.replicas),
            max_messages_per_subject: 1,
            max_messages: -1,
            max_bytes: -1,
            max_consumers: -1,
            allow_direct: true,
            allow_message_ttl: true,
            allow_message_schedules: true,
            // The server switches this on with the schedules.
            allow_rollup: true,
            metadata: HashMap::from([(LAYOUT.to_owned(), LAYOUT_VERSION.to_owned())]),
            ..Config::default()
        }
    }

    /// The settings of a shard's stream.
    pub(super) fn config(&self, shard: u16) -> Config {
        let prefix = &self.prefix;
        Config {
            name: self.stream(shard),
            description: Some(
                "The records of sagaflow: the last message of a subject is the state of an instance".to_owned(),
            ),
            subjects: vec![format!("{prefix}.{shard}.>")],
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            num_replicas: usize::from(self.replicas),
            max_messages_per_subject: 1,
            max_messages: -1,
            max_bytes: -1,
            max_consumers: -1,
            allow_direct: true,
            allow_message_ttl: true,
            republish: Some(Republish {
                source: format!("{prefix}.{shard}.*.*"),
                destination: format!("{prefix}.watch.{{{{wildcard(1)}}}}.{{{{wildcard(2)}}}}"),
                headers_only: false,
            }),
            metadata: HashMap::from([
                (SHARDS.to_owned(), self.shards.to_string()),
                (LAYOUT.to_owned(), LAYOUT_VERSION.to_owned()),
            ]),
            ..Config::default()
        }
    }
}

/// The shard of an id; see the module's page. It must never change: instances would no longer be found.
pub(super) fn shard_of(id: &str, shards: u16) -> u16 {
    let hash = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let folded = (hash ^ (hash >> 32)) & 0xffff_ffff;
    u16::try_from(folded % u64::from(shards)).expect("a remainder is less than what divides")
}

/// Makes the streams of an application that are not there yet, and checks those that are. [`open`](super::open) does
/// this by itself; call it with a user that may make streams if the workers' user may not.
///
/// # Errors
///
/// [`ErrorKind::Mismatch`] names the first setting of a stream that is not as sagaflow needs it; otherwise what the
/// server says.
pub async fn provision(client: &async_nats::Client, options: &ConnectOptions) -> Result<(), Error> {
    let layout = Layout::new(options)?;
    let deadline = Instant::now() + options.connect_timeout;
    provision_streams(&super::context(client), &Link::new("the server"), &layout, deadline).await
}

pub(super) async fn provision_streams(
    context: &jetstream::Context,
    link: &Link,
    layout: &Layout,
    deadline: Instant,
) -> Result<(), Error> {
    // One after the other, the first shard first: two processes that disagree on the number meet there.
    for shard in 0..layout.shards {
        provision_stream(context, link, &layout.config(shard), deadline).await?;
    }
    provision_stream(context, link, &layout.timers_config(), deadline).await
}

async fn provision_stream(
    context: &jetstream::Context,
    link: &Link,
    config: &Config,
    deadline: Instant,
) -> Result<(), Error> {
    let name = &config.name;
    let mut pause = Duration::from_millis(100);
    loop {
        let fault = match find_or_make(context, link, config).await {
            Ok(found) => return check(&found, config),
            Err(fault) => fault,
        };
        if fault.is(ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED) {
            return Err(Error::new(
                ErrorKind::UnsuitableServer,
                format!(
                    "{} replicas of the stream `{name}` need a cluster of servers, and this NATS server is alone: use 1 replica, or a cluster",
                    config.num_replicas
                ),
            ));
        }
        if !fault.is_passing() || Instant::now() + pause >= deadline {
            return Err(fault.into_error(&format!("making the stream `{name}`")));
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

/// An existing stream is never updated: that is the operator's to do, and costs much in a cluster.
async fn find_or_make(context: &jetstream::Context, link: &Link, config: &Config) -> Result<Config, Fault> {
    let name = &config.name;
    let find = || ask::<Info>(context, link, format!("STREAM.INFO.{name}"), &Nothing {});
    let found = match find().await {
        Err(fault) if fault.is(ErrorCode::STREAM_NOT_FOUND) => {
            match ask::<Info>(context, link, format!("STREAM.CREATE.{name}"), config).await {
                // Another process was faster, with other settings: look at what it made.
                Err(fault) if fault.is(ErrorCode::STREAM_NAME_EXIST) => find().await?,
                made => {
                    let made = made?;
                    tracing::info!("made the stream `{name}`");
                    made
                }
            }
        }
        found => found?,
    };
    Ok(found.config)
}

/// Compares what matters; the rest is the operator's choice.
pub(super) fn check(found: &Config, needed: &Config) -> Result<(), Error> {
    let metadata =
        |config: &Config, key: &str| config.metadata.get(key).cloned().unwrap_or_else(|| "nothing".to_owned());
    let republish = |config: &Config| {
        config.republish.as_ref().map_or_else(
            || "nothing".to_owned(),
            |r| format!("{} to {}{}", r.source, r.destination, if r.headers_only { " (headers only)" } else { "" }),
        )
    };
    type Show<'a> = &'a dyn Fn(&Config) -> String;
    let settings: [(&str, Show<'_>); 18] = [
        ("metadata `sagaflow.layout`", &|c| metadata(c, LAYOUT)),
        ("metadata `sagaflow.shards`", &|c| metadata(c, SHARDS)),
        ("subjects", &|c| c.subjects.join(", ")),
        ("retention", &|c| format!("{:?}", c.retention)),
        ("storage", &|c| format!("{:?}", c.storage)),
        ("num_replicas", &|c| c.num_replicas.to_string()),
        ("max_msgs_per_subject", &|c| c.max_messages_per_subject.to_string()),
        ("discard_new_per_subject", &|c| c.discard_new_per_subject.to_string()),
        // The server writes "no limit" as -1; 0 means the same.
        ("max_msgs", &|c| c.max_messages.max(0).to_string()),
        ("max_bytes", &|c| c.max_bytes.max(0).to_string()),
        ("max_age", &|c| format!("{:?}", c.max_age)),
        ("allow_direct", &|c| c.allow_direct.to_string()),
        ("allow_msg_ttl", &|c| c.allow_message_ttl.to_string()),
        ("allow_msg_schedules", &|c| c.allow_message_schedules.to_string()),
        ("allow_rollup_hdrs", &|c| c.allow_rollup.to_string()),
        ("republish", &republish),
        ("subject_transform", &|c| c.subject_transform.as_ref().map_or("nothing", |t| &t.destination).to_owned()),
        ("no_ack", &|c| c.no_ack.to_string()),
    ];
    for (setting, show) in settings {
        let (found_value, needed_value) = (show(found), show(needed));
        if found_value != needed_value {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!(
                    "the stream `{}` exists with other settings: {setting} is {found_value}, sagaflow needs {needed_value}; connect with the options that it was made with, or use another prefix",
                    needed.name
                ),
            ));
        }
    }
    Ok(())
}

/// Takes the subject of a record apart.
pub(super) fn instance_of(subject: &str) -> Option<InstanceId> {
    let mut tokens = subject.rsplitn(3, '.');
    let (id, saga) = (tokens.next()?, tokens.next()?);
    InstanceId::new(saga, id).ok()
}
