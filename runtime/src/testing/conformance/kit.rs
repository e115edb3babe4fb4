//! What the properties share: a transport with a clock's patience, and workers that say what they miss.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::Harness;
use crate::transport::{
    Append, AppendError, Deliveries, Delivery, DeliveryOptions, InstanceId, Line, Mail, Note, Post, Revision, Stored,
    Transport, Watch,
};

/// An ack wait that no test outlasts: what comes again does so for another reason.
pub(super) const LONG: Duration = Duration::from_secs(120);

pub(super) struct Kit<'a> {
    harness: &'a dyn Harness,
    pub(super) transport: Arc<dyn Transport>,
}

impl<'a> Kit<'a> {
    pub(super) async fn open(harness: &'a dyn Harness) -> Self {
        let transport = harness.open().await.expect("the harness opens a transport");
        Self { harness, transport }
    }

    /// The same after a restart; `None` if the transport's records end with it.
    pub(super) async fn reopen(self) -> Option<Self> {
        let Self { harness, transport } = self;
        let transport = harness.reopen(transport).await.expect("the harness opens the transport again")?;
        Some(Self { harness, transport })
    }

    pub(super) fn ack_wait(&self) -> Duration {
        self.harness.ack_wait()
    }

    /// How long to wait for what must not happen.
    pub(super) fn quiet(&self) -> Duration {
        self.harness.ack_wait() * 3 / 2
    }

    pub(super) fn long_wait(&self) -> Duration {
        self.harness.long_wait()
    }

    pub(super) fn shortest_keep(&self) -> Duration {
        self.harness.shortest_keep()
    }

    pub(super) async fn in_time<T>(&self, what: &str, future: impl Future<Output = T>) -> T {
        in_time(self.harness.patience(), what, future).await
    }

    /// Appends, and repeats what calls for that.
    pub(super) async fn append(&self, append: Append<'_>) -> Result<Revision, AppendError> {
        self.in_time("the answer to an append", async {
            loop {
                match self.transport.append(append.clone()).await {
                    Err(AppendError::Undecided | AppendError::Busy(_)) => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    Err(AppendError::Unknown(_)) => match self.transport.latest(append.instance).await {
                        Ok(Some(stored)) if stored.payload == append.payload => return Ok(stored.revision),
                        _ => tokio::time::sleep(Duration::from_millis(20)).await,
                    },
                    answer => return answer,
                }
            }
        })
        .await
    }

    /// A plain append that has to succeed.
    pub(super) async fn put(&self, instance: &InstanceId, after: Option<Revision>, payload: &str) -> Revision {
        let append = record(instance, after, payload);
        self.append(append).await.unwrap_or_else(|error| panic!("`{payload}` of {instance} is appended: {error}"))
    }

    /// Stores a note, and repeats what calls for that.
    pub(super) async fn note(&self, note: Note<'_>) -> Result<(), AppendError> {
        self.in_time("the answer to a note", async {
            loop {
                match self.transport.note(note.clone()).await {
                    Err(AppendError::Undecided | AppendError::Busy(_)) => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    answer => return answer,
                }
            }
        })
        .await
    }

    /// Posts, and repeats what calls for that.
    pub(super) async fn post(&self, post: Post<'_>) -> Result<u64, AppendError> {
        self.in_time("the answer to a post", async {
            loop {
                match self.transport.post(post.clone()).await {
                    Err(AppendError::Undecided | AppendError::Busy(_)) => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    answer => return answer,
                }
            }
        })
        .await
    }

    /// Writes a line, and repeats what calls for that.
    pub(super) async fn write_line(&self, line: Line<'_>) -> Result<u64, AppendError> {
        self.in_time("the answer to a line", async {
            loop {
                match self.transport.write_line(line.clone()).await {
                    Err(AppendError::Undecided | AppendError::Busy(_)) => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    answer => return answer,
                }
            }
        })
        .await
    }

    /// All mail in a queue after a number.
    pub(super) async fn mail(&self, instance: &InstanceId, name: &str, after: u64) -> Vec<(u64, String)> {
        let mail = self.in_time("the mail", self.transport.mail(instance, name, after, 10_000)).await;
        let text = |mail: Mail| (mail.number, String::from_utf8_lossy(&mail.payload).into_owned());
        mail.expect("the mail is read").into_iter().map(text).collect()
    }

    /// The notes of a record, as text.
    pub(super) async fn notes(&self, instance: &InstanceId, of: Revision) -> Vec<String> {
        let notes = self.in_time("the notes of a record", self.transport.notes(instance, of)).await;
        let text = |note: Bytes| String::from_utf8_lossy(&note).into_owned();
        notes.expect("the notes are read").into_iter().map(text).collect()
    }

    pub(super) async fn start(&self, instance: &InstanceId) -> Revision {
        self.put(instance, None, "started").await
    }

    /// A terminal record that has to be appended.
    pub(super) async fn finish(&self, instance: &InstanceId, after: Revision, keep: Duration) -> Revision {
        let append = Append { keep: Some(keep), ..record(instance, Some(after), "finished") };
        self.append(append).await.expect("a terminal record is appended")
    }

    /// A record with a `not_before` that has to be appended.
    pub(super) async fn sleep_until(&self, instance: &InstanceId, due: SystemTime) -> Revision {
        let append = Append { not_before: Some(due), ..record(instance, None, "sleeping") };
        self.append(append).await.expect("a record with a not-before is appended")
    }

    pub(super) async fn latest(&self, instance: &InstanceId) -> Option<Stored> {
        self.in_time("the latest record", self.transport.latest(instance)).await.expect("the latest record is read")
    }

    /// Asserts that an append is refused since the instance's last revision is another.
    pub(super) async fn assert_superseded(&self, append: Append<'_>, last: Option<Revision>) {
        match self.append(append).await {
            Err(AppendError::Superseded { last: told }) => {
                assert!(told.is_none() || told == last, "the last revision is {last:?}, not {told:?}");
            }
            other => panic!("expected `superseded`, got {other:?}"),
        }
    }

    /// A worker of the saga `conformance`, with the ack wait of the harness.
    pub(super) async fn worker(&self) -> Worker {
        self.worker_with("conformance", 64, self.ack_wait()).await
    }

    /// A worker whose deliveries don't come again by themselves.
    pub(super) async fn patient_worker(&self) -> Worker {
        self.worker_with("conformance", 64, LONG).await
    }

    pub(super) async fn worker_with(&self, saga: &str, prefetch: usize, ack_wait: Duration) -> Worker {
        let options = DeliveryOptions { prefetch, ack_wait };
        let deliveries = self.in_time("joining the workers", self.transport.deliveries(saga, options)).await;
        Worker { deliveries: deliveries.expect("the workers are joined"), patience: self.harness.patience() }
    }

    pub(super) async fn watch(&self, instance: &InstanceId) -> Watcher {
        let watch = self.in_time("a watch", self.transport.watch(instance)).await;
        Watcher { watch: watch.expect("the instance is watched"), patience: self.harness.patience() }
    }
}

/// An instance of the saga `conformance`.
pub(super) fn instance(id: &str) -> InstanceId {
    InstanceId::new("conformance", id).expect("a valid id")
}

/// A plain append.
pub(super) fn record<'a>(instance: &'a InstanceId, after: Option<Revision>, payload: &str) -> Append<'a> {
    Append::new(instance, after, Bytes::copy_from_slice(payload.as_bytes()))
}

/// A note.
pub(super) fn note<'a>(instance: &'a InstanceId, of: Revision, number: u64, payload: &str) -> Note<'a> {
    Note { instance, of, number, payload: Bytes::copy_from_slice(payload.as_bytes()) }
}

/// Mail to the queue `mail`, with a key that is not remembered.
pub(super) fn post<'a>(instance: &'a InstanceId, key: &'a str, payload: &str) -> Post<'a> {
    let payload = Bytes::copy_from_slice(payload.as_bytes());
    Post { instance, name: "mail", key, remember: false, answer_for: None, payload }
}

pub(super) struct Worker {
    deliveries: Box<dyn Deliveries>,
    patience: Duration,
}

impl Worker {
    pub(super) async fn next(&mut self) -> Delivery {
        let next = in_time(self.patience, "a delivery", self.deliveries.next()).await;
        next.expect("the transport is open").expect("the transport delivers")
    }

    /// The next delivery, if there is one within this time.
    pub(super) async fn next_within(&mut self, time: Duration) -> Option<Delivery> {
        let next = tokio::time::timeout(time, self.deliveries.next()).await.ok()?;
        Some(next.expect("the transport is open").expect("the transport delivers"))
    }

    /// Asserts that nothing is delivered for this time.
    pub(super) async fn assert_nothing(&mut self, time: Duration) {
        if let Some(delivery) = self.next_within(time).await {
            panic!("expected no delivery, got {delivery:?} `{}`", String::from_utf8_lossy(&delivery.payload));
        }
    }

    /// Asserts that the next delivery is of this record.
    pub(super) async fn expect(&mut self, instance: &InstanceId, revision: Revision) -> Delivery {
        let delivery = self.next().await;
        assert_eq!((&delivery.instance, delivery.revision), (instance, revision), "the delivered record");
        delivery
    }

    /// Leaves, with what it had not taken.
    pub(super) async fn leave(self) -> Vec<Delivery> {
        in_time(self.patience, "leaving", self.deliveries.leave()).await
    }

    /// Asserts that the stream has ended.
    pub(super) async fn expect_end(&mut self) {
        let next = in_time(self.patience, "the end of the deliveries", self.deliveries.next()).await;
        assert!(next.is_none(), "expected the end of the deliveries, got {next:?}");
    }
}

pub(super) struct Watcher {
    watch: Box<dyn Watch>,
    patience: Duration,
}

impl Watcher {
    pub(super) async fn next(&mut self) -> Stored {
        let next = in_time(self.patience, "a watched record", self.watch.next()).await;
        next.expect("the transport is open").expect("the transport watches")
    }

    /// Asserts that the stream has ended.
    pub(super) async fn expect_end(&mut self) {
        let next = in_time(self.patience, "the end of the watch", self.watch.next()).await;
        assert!(next.is_none(), "expected the end of the watch, got {next:?}");
    }
}

async fn in_time<T>(patience: Duration, what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(patience, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited {patience:?} for {what}"),
    }
}
