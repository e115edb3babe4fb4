//! A transport whose worker dies at a given append.

use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::future::BoxFuture;
use sagaflow::Error;
use sagaflow::transport::{
    Append, AppendError, Deliveries, DeliveryOptions, Discard, InstanceId, Line, Log, Logged, Mail, Note, Of, Post,
    RecordPage, Revision, Stored, Transport, Watch,
};
use tokio::sync::Notify;

/// When the worker dies. What it notes beside a record, and what it posts, counts as an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// Never.
    Never,
    /// Before the append of this number, from 1: what it has done is lost.
    Before(u64),
    /// After it, before it knows of it.
    After(u64),
    /// After every append: each record is read by a worker of its own.
    AfterEach,
}

/// The transport.
#[derive(Debug)]
pub struct Crashing {
    inner: Arc<dyn Transport>,
    crash: Crash,
    appends: AtomicU64,
    crashed: Notify,
}

impl Crashing {
    /// Around another one.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>, crash: Crash) -> Self {
        Self { inner, crash, appends: AtomicU64::new(0), crashed: Notify::new() }
    }

    /// How many appends there were.
    #[must_use]
    pub fn appends(&self) -> u64 {
        self.appends.load(Ordering::SeqCst)
    }

    /// Waits until the worker has to die.
    pub async fn crashed(&self) {
        self.crashed.notified().await;
    }

    /// Stores something, unless the worker dies before.
    async fn at_boundary<T>(&self, store: impl Future<Output = T>) -> T {
        let number = self.appends.fetch_add(1, Ordering::SeqCst) + 1;
        if self.crash == Crash::Before(number) {
            return self.die().await;
        }
        let stored = store.await;
        match self.crash {
            Crash::After(after) if after == number => self.die().await,
            Crash::AfterEach => self.die().await,
            _ => stored,
        }
    }

    /// Goes no further: the worker is dropped here.
    async fn die<T>(&self) -> T {
        self.crashed.notify_one();
        pending().await
    }
}

impl Transport for Crashing {
    fn append<'a>(&'a self, append: Append<'a>) -> BoxFuture<'a, Result<Revision, AppendError>> {
        Box::pin(self.at_boundary(self.inner.append(append)))
    }

    fn note<'a>(&'a self, note: Note<'a>) -> BoxFuture<'a, Result<(), AppendError>> {
        Box::pin(self.at_boundary(self.inner.note(note)))
    }

    fn post<'a>(&'a self, post: Post<'a>) -> BoxFuture<'a, Result<u64, AppendError>> {
        Box::pin(async move {
            let number = self.appends.fetch_add(1, Ordering::SeqCst) + 1;
            if self.crash == Crash::Before(number) {
                return self.die().await;
            }
            let posted = self.inner.post(post).await;
            match self.crash {
                Crash::After(after) if after == number => self.die().await,
                // What has been posted before is told again and again, and is no boundary.
                Crash::AfterEach if posted.is_ok() => self.die().await,
                _ => posted,
            }
        })
    }

    fn mail<'a>(
        &'a self,
        instance: &'a InstanceId,
        name: &'a str,
        after: u64,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Mail>, Error>> {
        self.inner.mail(instance, name, after, most)
    }

    fn mailbox<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Vec<(String, u64)>, Error>> {
        self.inner.mailbox(instance)
    }

    fn write_line<'a>(&'a self, line: Line<'a>) -> BoxFuture<'a, Result<u64, AppendError>> {
        self.inner.write_line(line)
    }

    fn lines<'a>(&'a self, log: Log, of: Of<'a>, after: u64, most: usize) -> BoxFuture<'a, Result<Vec<Logged>, Error>> {
        self.inner.lines(log, of, after, most)
    }

    fn records<'a>(
        &'a self,
        saga: Option<&'a str>,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<RecordPage, Error>> {
        self.inner.records(saga, after)
    }

    fn discard<'a>(&'a self, instance: &'a InstanceId, which: Discard<'a>) -> BoxFuture<'a, ()> {
        self.inner.discard(instance, which)
    }

    fn notes<'a>(&'a self, instance: &'a InstanceId, of: Revision) -> BoxFuture<'a, Result<Vec<Bytes>, Error>> {
        self.inner.notes(instance, of)
    }

    fn latest<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Option<Stored>, Error>> {
        self.inner.latest(instance)
    }

    fn deliveries<'a>(
        &'a self,
        saga: &'a str,
        options: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Deliveries>, Error>> {
        self.inner.deliveries(saga, options)
    }

    fn watch<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Box<dyn Watch>, Error>> {
        self.inner.watch(instance)
    }

    fn max_record(&self) -> usize {
        self.inner.max_record()
    }

    fn name(&self) -> String {
        self.inner.name()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.inner.close()
    }
}
