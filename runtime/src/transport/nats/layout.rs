//! Which streams and subjects there are, and the streams' settings.
//!
//! | what | name |
//! |---|---|
//! | a stream per shard | `PREFIX-SHARD`, for `PREFIX.SHARD.>` |
//! | the record of an instance | `PREFIX.SHARD.SAGA.ID` |
//! | a record that is announced, for those who watch | `PREFIX.watch.SAGA.ID` |
//! | the workers of a saga | the consumer `SAGA` of each stream |
//! | one stream for the timers of all shards | `PREFIX-timers`, for `PREFIX.timers.>` |
//! | the timer of an instance: at its time the server publishes its message to … | `PREFIX.timers.at.SAGA.ID` |
//! | … the wake of the record for which it was set | `PREFIX.timers.wake.SAGA.ID.REVISION` |
//! | whose turn it is to look for records that nobody works on, or notes of former records | `PREFIX.timers.sweep.SAGA.SHARD`, `….notes` |
//! | one stream for the notes of all shards | `PREFIX-notes`, for `PREFIX.notes.*.*.*.*` |
//! | a note of a record | `PREFIX.notes.SAGA.ID.REVISION.NUMBER` |
//! | one stream for the mail of all shards | `PREFIX-mail`, for `PREFIX.mail.*.*.*.*.*` |
//! | mail, as long as it is not taken (`once`), or its instance lives (`keep`) | `PREFIX.mail.SAGA.ID.QUEUE.once.KEY`, `….keep.KEY` |
//! | an answer to somebody who asks, for a time (`answer`) | `PREFIX.mail.SAGA.ID.QUEUE.answer.KEY` |
//! | a stream for what sagas emit, and one for former records | `PREFIX-events`, for `PREFIX.events.*.*.*`; `PREFIX-history` |
//! | an event; a former record, by its revision | `PREFIX.events.SAGA.ID.KEY`, `PREFIX.history.SAGA.ID.REVISION` |
//! | one stream for what clients hand in that aren't trusted | `PREFIX-ingress`, for `PREFIX.in.*.*.*` |
//! | a start that waits to be admitted | `PREFIX.in.start.SAGA.ID` |
//!
//! **The shard of an id never changes**: it is FNV-1a (64 bits) of the id's bytes, its upper half xored into
//! its lower, modulo the number of shards. Streams carry that number and the version of this layout as metadata.

use std::collections::HashMap;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};

use crate::transport::{ConnectOptions, EntryKind, InstanceId, Log, Of, Post, Revision};
use crate::{Error, ErrorKind};

/// The metadata of a stream that say how it was divided.
pub(super) const SHARDS: &str = "sagaflow.shards";
pub(super) const LAYOUT: &str = "sagaflow.layout";
const LAYOUT_VERSION: &str = "1";

/// What stands in the subject of an answer.
const ANSWER: &str = "answer";

/// How much an ingress holds if nobody says otherwise: entries, and bytes. The server sets these bytes aside when the stream is
/// made.
const INGRESS_ENTRIES: i64 = 100_000;
const INGRESS_BYTES: i64 = 64 << 20;

/// The names and numbers of one application's streams.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    prefix: String,
    /// `PREFIX.SHARD.` of each shard: what the subjects of its records begin with.
    stems: Vec<String>,
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
            let stems = (0..*shards).map(|shard| format!("{prefix}.{shard}.")).collect();
            return Ok(Self { prefix: prefix.clone(), stems, shards: *shards, replicas: *replicas });
        };
        Err(Error::new(ErrorKind::InvalidOptions, wrong))
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
        // Not formatted: this is made for every append.
        let stem = &*self.stems[usize::from(self.shard_of(instance.id()))];
        [stem, instance.saga(), ".", instance.id()].concat()
    }

    /// Where those who watch the instance are told of its records.
    pub(super) fn watch_subject(&self, instance: &InstanceId) -> String {
        [&*self.prefix, ".watch.", instance.saga(), ".", instance.id()].concat()
    }

    /// Which records the workers of a saga get.
    pub(super) fn filter(&self, shard: u16, saga: &str) -> String {
        format!("{}.{shard}.{saga}.*", self.prefix)
    }

    /// All records of a shard.
    pub(super) fn records(&self, shard: u16) -> String {
        format!("{}.{shard}.*.*", self.prefix)
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
    pub(super) fn sweep(&self, saga: &str, place: &str) -> String {
        format!("{}.timers.sweep.{saga}.{place}", self.prefix)
    }

    /// Takes the subject of a wake apart.
    pub(super) fn woken(&self, subject: &str) -> Option<(InstanceId, Revision)> {
        let rest = subject.strip_prefix(&*self.prefix)?.strip_prefix(".timers.wake.")?;
        let mut tokens = rest.split('.');
        let instance = InstanceId::new(tokens.next()?, tokens.next()?).ok()?;
        Some((instance, Revision(tokens.next()?.parse().ok()?)))
    }

    /// The stream of the notes.
    pub(super) fn notes_stream(&self) -> String {
        format!("{}-notes", self.prefix)
    }

    /// Where a note of a record is.
    pub(super) fn note(&self, instance: &InstanceId, of: Revision, number: u64) -> String {
        format!("{}.notes.{}.{}.{of}.{number}", self.prefix, instance.saga(), instance.id())
    }

    /// All notes of a record.
    pub(super) fn notes(&self, instance: &InstanceId, of: Revision) -> String {
        format!("{}.notes.{}.{}.{of}.*", self.prefix, instance.saga(), instance.id())
    }

    /// All notes of a saga's records.
    pub(super) fn notes_of(&self, saga: &str) -> String {
        format!("{}.notes.{saga}.*.*.*", self.prefix)
    }

    /// Takes the subject of a note apart.
    pub(super) fn noted(&self, subject: &str) -> Option<(InstanceId, Revision, u64)> {
        let rest = subject.strip_prefix(&*self.prefix)?.strip_prefix(".notes.")?;
        let mut tokens = rest.split('.');
        let instance = InstanceId::new(tokens.next()?, tokens.next()?).ok()?;
        Some((instance, Revision(tokens.next()?.parse().ok()?), tokens.next()?.parse().ok()?))
    }

    /// The stream of the mail.
    pub(super) fn mail_stream(&self) -> String {
        format!("{}-mail", self.prefix)
    }

    /// Where mail is.
    pub(super) fn letter(&self, post: &Post<'_>) -> String {
        let (saga, id) = (post.instance.saga(), post.instance.id());
        let kept = match post.answer_for {
            Some(_) => ANSWER,
            None if post.remember => "keep",
            None => "once",
        };
        format!("{}.mail.{saga}.{id}.{}.{kept}.{}", self.prefix, post.name, post.key)
    }

    /// The mail in a queue of an instance; what is gone when it is taken; and all of the instance but the answers.
    pub(super) fn queue(&self, instance: &InstanceId, name: &str) -> String {
        format!("{}.mail.{}.{}.{name}.*.*", self.prefix, instance.saga(), instance.id())
    }

    pub(super) fn queue_once(&self, instance: &InstanceId, name: &str) -> String {
        format!("{}.mail.{}.{}.{name}.once.*", self.prefix, instance.saga(), instance.id())
    }

    pub(super) fn mailbox(&self, instance: &InstanceId) -> [String; 2] {
        let (saga, id) = (instance.saga(), instance.id());
        ["once", "keep"].map(|kept| format!("{}.mail.{saga}.{id}.*.{kept}.*", self.prefix))
    }

    /// All mail of a saga's instances.
    pub(super) fn mail_of(&self, saga: &str) -> String {
        format!("{}.mail.{saga}.*.*.*.*", self.prefix)
    }

    /// Takes the subject of mail apart: whose it is, and the queue's name.
    pub(super) fn posted(&self, subject: &str) -> Option<(InstanceId, String)> {
        let rest = subject.strip_prefix(&*self.prefix)?.strip_prefix(".mail.")?;
        let mut tokens = rest.split('.');
        let instance = InstanceId::new(tokens.next()?, tokens.next()?).ok()?;
        Some((instance, tokens.next()?.to_owned()))
    }

    /// Whether it is an answer, of which nobody is to be told.
    pub(super) fn is_answer(subject: &str) -> bool {
        subject.rsplit('.').nth(1) == Some(ANSWER)
    }

    /// The stream of a log.
    pub(super) fn log_stream(&self, log: Log) -> String {
        format!("{}-{}", self.prefix, log_name(log))
    }

    /// Where a line is.
    pub(super) fn line(&self, log: Log, instance: &InstanceId, key: &str) -> String {
        format!("{}.{}.{}.{}.{key}", self.prefix, log_name(log), instance.saga(), instance.id())
    }

    /// All lines of a saga, or of an instance.
    pub(super) fn lines(&self, log: Log, of: Of<'_>) -> String {
        let (prefix, log) = (&self.prefix, log_name(log));
        match of {
            Of::Saga(saga) => format!("{prefix}.{log}.{saga}.*.*"),
            Of::Instance(instance) => format!("{prefix}.{log}.{}.{}.*", instance.saga(), instance.id()),
        }
    }

    /// Takes the subject of a line apart: whose it is, and its key.
    pub(super) fn logged(&self, log: Log, subject: &str) -> Option<(InstanceId, String)> {
        let rest = subject.strip_prefix(&*self.prefix)?.strip_prefix('.')?.strip_prefix(log_name(log))?;
        let mut tokens = rest.strip_prefix('.')?.split('.');
        let instance = InstanceId::new(tokens.next()?, tokens.next()?).ok()?;
        Some((instance, tokens.next()?.to_owned()))
    }

    /// The stream of what clients hand in that aren't trusted.
    pub(super) fn ingress_stream(&self) -> String {
        format!("{}-ingress", self.prefix)
    }

    /// Where an entry is handed in. By its kind first, so that a client may be permitted one and not another.
    pub(super) fn entry(&self, kind: EntryKind, instance: &InstanceId) -> String {
        let EntryKind::Start = kind;
        format!("{}.in.start.{}.{}", self.prefix, instance.saga(), instance.id())
    }

    /// Which entries the workers of a saga get.
    pub(super) fn entries(&self, saga: &str) -> String {
        format!("{}.in.*.{saga}.*", self.prefix)
    }

    /// Takes the subject of an entry apart.
    pub(super) fn entered(&self, subject: &str) -> Option<(EntryKind, InstanceId)> {
        let rest = subject.strip_prefix(&*self.prefix)?.strip_prefix(".in.start.")?;
        let (saga, id) = rest.split_once('.')?;
        Some((EntryKind::Start, InstanceId::new(saga, id).ok()?))
    }

    /// Whether a subject of the ingress may mean something to a newer version: another kind of entry, for a saga and an id that can be.
    pub(super) fn could_be_entered(&self, subject: &str) -> bool {
        subject.split('.').nth(2) != Some("start") && instance_of(subject).is_some()
    }

    /// The settings of the ingress: when it is full, it refuses. Neither schedules nor roll-ups: whoever may publish to one of
    /// its subjects can do nothing to another.
    pub(super) fn ingress_config(&self) -> Config {
        Config {
            name: self.ingress_stream(),
            description: Some("The ingress of sagaflow: what clients hand in, for workers to admit".to_owned()),
            // No more than what some worker may get.
            subjects: vec![format!("{}.in.*.*.*", self.prefix)],
            retention: RetentionPolicy::WorkQueue,
            storage: StorageType::File,
            discard: DiscardPolicy::New,
            num_replicas: usize::from(self.replicas),
            max_messages_per_subject: -1,
            max_messages: INGRESS_ENTRIES,
            max_bytes: INGRESS_BYTES,
            max_consumers: -1,
            metadata: HashMap::from([(LAYOUT.to_owned(), LAYOUT_VERSION.to_owned())]),
            ..Config::default()
        }
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

    /// The settings of the mail's stream: one for all shards. Mail is stored once, and stays until it is purged; to acknowledge a notice
    /// removes nothing.
    pub(super) fn mail_config(&self) -> Config {
        Config {
            name: self.mail_stream(),
            description: Some("The mail of sagaflow: what was sent to instances".to_owned()),
            subjects: vec![format!("{}.mail.*.*.*.*.*", self.prefix)],
            allow_message_ttl: true,
            ..self.notes_config()
        }
    }

    /// The settings of a log's stream: one for all shards. A line is written once, and the server removes it in its time.
    pub(super) fn log_config(&self, log: Log) -> Config {
        let what = match log {
            Log::Events => "The events of sagaflow: what sagas emit",
            Log::History => "The history of sagaflow: former records of instances",
        };
        Config {
            name: self.log_stream(log),
            description: Some(what.to_owned()),
            subjects: vec![format!("{}.{}.*.*.*", self.prefix, log_name(log))],
            allow_message_ttl: true,
            ..self.notes_config()
        }
    }

    /// The settings of the notes' stream: one for all shards, as only those records have notes that are worked on in several places at
    /// a time. A note is stored once, and stays until it is purged.
    pub(super) fn notes_config(&self) -> Config {
        Config {
            name: self.notes_stream(),
            description: Some("The notes of sagaflow: what is done beside a record, until the next one".to_owned()),
            subjects: vec![format!("{}.notes.*.*.*.*", self.prefix)],
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            num_replicas: usize::from(self.replicas),
            max_messages_per_subject: 1,
            max_messages: -1,
            max_bytes: -1,
            max_consumers: -1,
            allow_direct: true,
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
            metadata: HashMap::from([
                (SHARDS.to_owned(), self.shards.to_string()),
                (LAYOUT.to_owned(), LAYOUT_VERSION.to_owned()),
            ]),
            ..Config::default()
        }
    }
}

fn log_name(log: Log) -> &'static str {
    match log {
        Log::Events => "events",
        Log::History => "history",
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

/// Takes the subject of a record apart.
pub(super) fn instance_of(subject: &str) -> Option<InstanceId> {
    let mut tokens = subject.rsplitn(3, '.');
    let (id, saga) = (tokens.next()?, tokens.next()?);
    InstanceId::new(saga, id).ok()
}
