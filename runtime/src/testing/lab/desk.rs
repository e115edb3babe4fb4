//! A worker's view of the transport: all that it appends and gets passes here, and here it dies.
//!
//! The records are those of the embedded transport. What is added is when things happen, and whether their worker lives to see it.
//! A worker that has died gets no answer any more; what it had in hand comes to others when the ack wait has passed.

use std::future::{Future, pending};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;

use super::deliveries::Received;
use super::journal::{Entry, Standing};
use super::plan::Fault;
use super::scene::Scene;
use super::words;
use crate::Error;
use crate::transport::{
    Ack, Append, AppendError, Deliveries, DeliveryOptions, Discard, Enter, EnterError, Entries, Feed, InstanceId, Line,
    Log, Logged, Mail, Note, Of, Post, RecordPage, Revision, Stored, Transport, Watch,
};

/// The number of the desk that clients use: nothing happens to them.
pub(super) const CLIENT: u32 = 0;

/// One worker's view of the transport.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) scene: Arc<Scene>,
    /// From 1.
    pub(super) number: u32,
    dead: AtomicBool,
    hands: Mutex<Vec<InHand>>,
    last: AtomicU64,
}

/// A delivery that a worker has in hand.
struct InHand {
    id: u64,
    instance: InstanceId,
    revision: Revision,
    /// The record.
    payload: Bytes,
    handle: Arc<dyn Ack>,
}

impl std::fmt::Debug for InHand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("InHand").field(&self.instance).field(&self.revision).finish()
    }
}

impl Desk {
    pub(super) fn new(scene: Arc<Scene>, number: u32) -> Arc<Self> {
        let (dead, hands, last) = (AtomicBool::new(false), Mutex::default(), AtomicU64::new(0));
        Arc::new(Self { scene, number, dead, hands, last })
    }

    /// The worker dies here: it goes no further, and is dropped by whoever runs it.
    pub(super) async fn die<T>(&self, at: String) -> T {
        if !self.dead.swap(true, Ordering::Relaxed) {
            self.scene.journal.write(Entry::Crashed { worker: self.number, at });
            self.scene.died(self.number);
        }
        pending().await
    }

    /// A dead worker gets no further.
    pub(super) async fn live(&self) {
        if self.is_dead() {
            pending::<()>().await;
        }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    /// What the dead worker had in hand comes again when the ack wait has passed.
    pub(super) async fn bury(&self) {
        self.dead.store(true, Ordering::Relaxed);
        let hands = std::mem::take(&mut *self.hands());
        for held in hands {
            held.handle.nak(self.scene.ack_wait()).await;
        }
    }

    /// Takes a delivery in hand.
    pub(super) fn take(&self, instance: &InstanceId, revision: Revision, payload: Bytes, handle: Arc<dyn Ack>) -> u64 {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        self.hands().push(InHand { id, instance: instance.clone(), revision, payload, handle });
        id
    }

    pub(super) fn release(&self, id: u64) {
        self.hands().retain(|held| held.id != id);
    }

    fn hands(&self) -> MutexGuard<'_, Vec<InHand>> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn append(&self, append: Append<'_>) -> Result<Revision, AppendError> {
        let scene = &self.scene;
        if self.number == CLIENT {
            let (instance, payload, tells) = (append.instance, append.payload.clone(), append.deliver);
            let revision = scene.inner.append(append).await?;
            scene.stored(instance, revision, &payload, tells);
            scene.journal.write(Entry::Started(instance.clone()));
            return Ok(revision);
        }
        let (instance, after) = (append.instance.clone(), append.after);
        self.store(&instance, after, |number| self.append_as(number, append)).await
    }

    async fn note(&self, note: Note<'_>) -> Result<(), AppendError> {
        let (scene, worker) = (&self.scene, self.number);
        if worker == CLIENT {
            return scene.inner.note(note).await;
        }
        let (instance, of) = (note.instance.clone(), note.of);
        self.store(&instance, Some(of), |number| async move {
            let instance = note.instance.clone();
            let noted = scene.inner.note(note).await;
            scene.journal.write(match &noted {
                Ok(()) => Entry::Noted { number, worker },
                Err(_) => Entry::Refused { number, worker, instance },
            });
            noted
        })
        .await
    }

    async fn post(&self, post: Post<'_>) -> Result<u64, AppendError> {
        let (scene, worker) = (&self.scene, self.number);
        if worker == CLIENT {
            return scene.inner.post(post).await;
        }
        let (instance, name) = (post.instance.clone(), post.name.to_owned());
        self.store(&instance.clone(), None, |number| async move {
            let posted = scene.inner.post(post).await;
            scene.journal.write(Entry::Posted { number, worker, instance, name });
            posted
        })
        .await
    }

    async fn write_line(&self, line: Line<'_>) -> Result<u64, AppendError> {
        let (scene, worker) = (&self.scene, self.number);
        if worker == CLIENT {
            return scene.inner.write_line(line).await;
        }
        let (instance, log) = (line.instance.clone(), line.log);
        self.store(&instance.clone(), None, |number| async move {
            let written = scene.inner.write_line(line).await;
            if written.is_ok() {
                scene.journal.write(Entry::Logged { number, worker, instance, log });
            }
            written
        })
        .await
    }

    /// Stores a record, a note, a letter or a line. Here the worker dies, if the plan says so: before it, or after it.
    async fn store<T, F: Future<Output = Result<T, AppendError>>>(
        &self,
        instance: &InstanceId,
        after: Option<Revision>,
        store: impl FnOnce(u32) -> F,
    ) -> Result<T, AppendError> {
        let scene = &self.scene;
        self.live().await;
        let number = scene.next_record();
        scene.until_overtaken(instance, after, self.number).await;
        self.live().await;
        if scene.meets(|fault| *fault == Fault::CrashBeforeRecord(number)).is_some() {
            return self.die(self.before_record(number)).await;
        }
        let stored = store(number).await;
        // What is refused changes nothing: to die after it is to die before it.
        if stored.is_ok() && scene.meets(|fault| *fault == Fault::CrashAfterRecord(number)).is_some() {
            let at = format!("record {number} was stored, and the worker does not know of it");
            return self.die(at).await;
        }
        if stored.is_ok() && scene.meets(|fault| *fault == Fault::LoseAnswer(number)).is_some() {
            scene.fault(format!("record {number} was stored, but the answer is lost"));
            return Err(AppendError::Unknown("the answer is lost, as the plan says".to_owned()));
        }
        stored
    }

    async fn append_as(&self, number: u32, append: Append<'_>) -> Result<Revision, AppendError> {
        let (scene, worker) = (&self.scene, self.number);
        let (instance, payload, after) = (append.instance.clone(), append.payload.clone(), append.after);
        let tells = append.deliver;
        let appended = scene.inner.append(append).await;
        match &appended {
            Ok(revision) => {
                let note = match after {
                    Some(_) => self.remark(&instance, after, &payload),
                    None => Some("started by its parent".to_owned()),
                };
                let now: Standing = scene.stored(&instance, *revision, &payload, tells);
                scene.journal.write(Entry::Stored { number, worker, instance, now, note });
            }
            Err(_) => scene.journal.write(Entry::Refused { number, worker, instance }),
        }
        appended
    }

    /// What a record says that no attempt has led to.
    fn remark(&self, instance: &InstanceId, after: Option<Revision>, payload: &Bytes) -> Option<String> {
        if !self.scene.journal.pages().ended_since_last(self.number).is_empty() {
            return None;
        }
        let hands = self.hands();
        let held = hands.iter().find(|held| held.instance == *instance && Some(held.revision) == after)?;
        words::note(&held.payload, payload)
    }

    /// Where the worker dies that dies before this record.
    fn before_record(&self, number: u32) -> String {
        let pages = self.scene.journal.pages();
        let ended = pages.ended_since_last(self.number);
        match ended.last().map(|index| &pages.attempts[*index]) {
            Some(made) => format!("`{}` ({}) had run, and nothing of that was stored", made.step, made.call),
            None => format!("record {number} was not stored"),
        }
    }
}

/// The desk as the transport of its worker.
#[derive(Debug)]
pub(super) struct Seat(pub(super) Arc<Desk>);

impl Transport for Seat {
    fn append<'a>(&'a self, append: Append<'a>) -> BoxFuture<'a, Result<Revision, AppendError>> {
        Box::pin(self.0.append(append))
    }

    fn latest<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Option<Stored>, Error>> {
        self.0.scene.inner.latest(instance)
    }

    fn deliveries<'a>(
        &'a self,
        saga: &'a str,
        options: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Deliveries>, Error>> {
        Box::pin(async move {
            let inner = self.0.scene.inner.deliveries(saga, options).await?;
            Ok(Box::new(Received::new(self.0.clone(), inner, saga)) as _)
        })
    }

    fn note<'a>(&'a self, note: Note<'a>) -> BoxFuture<'a, Result<(), AppendError>> {
        Box::pin(self.0.note(note))
    }

    fn notes<'a>(&'a self, instance: &'a InstanceId, of: Revision) -> BoxFuture<'a, Result<Vec<Bytes>, Error>> {
        self.0.scene.inner.notes(instance, of)
    }

    fn post<'a>(&'a self, post: Post<'a>) -> BoxFuture<'a, Result<u64, AppendError>> {
        Box::pin(self.0.post(post))
    }

    fn mail<'a>(
        &'a self,
        instance: &'a InstanceId,
        name: &'a str,
        after: u64,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Mail>, Error>> {
        self.0.scene.inner.mail(instance, name, after, most)
    }

    fn mailbox<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Vec<(String, u64)>, Error>> {
        self.0.scene.inner.mailbox(instance)
    }

    fn write_line<'a>(&'a self, line: Line<'a>) -> BoxFuture<'a, Result<u64, AppendError>> {
        Box::pin(self.0.write_line(line))
    }

    fn lines<'a>(&'a self, log: Log, of: Of<'a>, after: u64, most: usize) -> BoxFuture<'a, Result<Vec<Logged>, Error>> {
        self.0.scene.inner.lines(log, of, after, most)
    }

    fn records<'a>(
        &'a self,
        saga: Option<&'a str>,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<RecordPage, Error>> {
        self.0.scene.inner.records(saga, after)
    }

    fn discard<'a>(&'a self, instance: &'a InstanceId, which: Discard<'a>) -> BoxFuture<'a, ()> {
        self.0.scene.inner.discard(instance, which)
    }

    fn watch<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Box<dyn Watch>, Error>> {
        self.0.scene.inner.watch(instance)
    }

    fn feed<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<Box<dyn Feed>, Error>> {
        self.0.scene.inner.feed(after)
    }

    fn hands_in(&self) -> bool {
        self.0.scene.inner.hands_in()
    }

    fn enter<'a>(&'a self, entry: Enter<'a>) -> BoxFuture<'a, Result<(), EnterError>> {
        self.0.scene.inner.enter(entry)
    }

    fn entries<'a>(
        &'a self,
        saga: &'a str,
        options: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Option<Box<dyn Entries>>, Error>> {
        self.0.scene.inner.entries(saga, options)
    }

    fn max_record(&self) -> usize {
        self.0.scene.inner.max_record()
    }

    fn name(&self) -> String {
        "the lab's".to_owned()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.0.scene.inner.close()
    }
}

/// How long after its time a delivery comes that comes late.
pub(super) const LATE: Duration = Duration::from_secs(300);
