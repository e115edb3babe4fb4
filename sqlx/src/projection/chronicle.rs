//! A row for every record: a transport that writes each record into `transitions` before it is superseded.
//!
//! A transport keeps the last record of an instance only, so whoever reads its feed may come too late for those before. Here the
//! row of a record is committed *before* the append that takes its place is made. A process that dies in between has another one find
//! the row there; an append that is refused has written a row of a record that was there all the same.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use sagaflow::record::Codec;
use sagaflow::transport::{
    Append, AppendError, Deliveries, DeliveryOptions, Discard, Enter, EnterError, Entries, Feed, InstanceId, Line, Log,
    Logged, Mail, Note, Of, Post, RecordPage, Revision, Stored, Transport, Watch,
};
use sagaflow::{Client, Error};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::{row, transitions, without_zero};
use crate::database::{Database, Shared};
use crate::driver::Driver;

/// So many rows are written in one statement at most.
const MOST: usize = 1000;

/// A transport with a memory: over it, `sagaflow_transitions` gets a row for every record, none left out. For all
/// workers and clients of the sagas that are to be written down:
/// `let transport: Arc<dyn Transport> = Arc::new(Chronicle::new(connect(url).await?, &database));`
///
/// The row of a record is committed before the next record takes its place. So each transition waits for a commit of the database
/// (those that come at the same time share one), and none is made while the database is away. The row of an instance's last record comes
/// from a [`Projector`](crate::Projector) with [`transitions`](crate::Projector::transitions).
pub struct Chronicle<DB: Driver> {
    inner: Arc<dyn Transport>,
    client: Client,
    shared: Arc<Shared<DB>>,
    waiting: Mutex<Vec<Waiting>>,
    /// Whoever has it writes what waits, its own and the others'.
    turn: tokio::sync::Mutex<()>,
}

/// A row that waits to be written, and who waits for that.
type Waiting = (Map<String, Value>, oneshot::Sender<Result<(), String>>);

impl<DB: Driver> Chronicle<DB> {
    /// Writes what goes over a transport into a database.
    pub fn new<N>(transport: Arc<dyn Transport>, database: &Database<DB, N>) -> Self {
        Self {
            client: Client::new(transport.clone()),
            inner: transport,
            shared: database.shared.clone(),
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// How records are stored; must be the workers' codec. Default JSON as it is.
    #[must_use]
    pub fn with_codec(mut self, codec: impl Codec) -> Self {
        self.client = self.client.with_codec(codec);
        self
    }

    /// Writes the record down that the next one is about to take the place of.
    async fn keep(&self, instance: &InstanceId, after: Revision) -> Result<(), AppendError> {
        let busy = |why: String| AppendError::Busy(format!("the record before can't be written down: {why}"));
        let last = self.inner.latest(instance).await.map_err(|error| AppendError::Unknown(error.to_string()))?;
        // If it is not the last any more, whoever has moved the instance on has written it.
        let Some(stored) = last.filter(|stored| stored.revision == after) else { return Ok(()) };
        match self.client.read(instance, &stored) {
            Ok(status) => self.write(row(&status, after.0, &DB::DIALECT)).await.map_err(busy),
            Err(error) => {
                tracing::warn!(%instance, revision = after.0, %error, "left out of the transitions");
                Ok(())
            }
        }
    }

    /// Writes a row, together with those of others.
    async fn write(&self, row: Map<String, Value>) -> Result<(), String> {
        loop {
            let (sender, mut answer) = oneshot::channel();
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((row.clone(), sender));
            tokio::select! {
                biased;
                // An error: who was to write it was dropped on the way.
                answer = &mut answer => match answer {
                    Ok(written) => return written,
                    Err(_) => continue,
                },
                turn = self.turn.lock() => {
                    self.write_waiting().await;
                    drop(turn);
                }
            }
            if let Ok(written) = answer.await {
                return written;
            }
        }
    }

    async fn write_waiting(&self) {
        let all = mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut all = all.into_iter().peekable();
        while all.peek().is_some() {
            let (rows, senders): (Vec<_>, Vec<_>) = all.by_ref().take(MOST).unzip();
            let written = self.insert(without_zero(json!(rows).to_string())).await.map_err(|error| error.to_string());
            for sender in senders {
                // Who waits for it no more, doesn't want to know.
                let _ = sender.send(written.clone());
            }
        }
    }

    async fn insert(&self, rows: String) -> Result<(), crate::Error> {
        let failed = |error| crate::error::of("writing transitions", error);
        let mut connection = self.shared.pool.acquire().await.map_err(failed)?;
        let sql = self.shared.names.fill(transitions(&DB::DIALECT), &DB::DIALECT);
        DB::execute(&mut connection, sql.into(), vec![rows.into()]).await.map(drop).map_err(failed)
    }
}

impl<DB: Driver> Transport for Chronicle<DB> {
    fn append<'a>(&'a self, append: Append<'a>) -> BoxFuture<'a, Result<Revision, AppendError>> {
        Box::pin(async move {
            if let Some(after) = append.after {
                self.keep(append.instance, after).await?;
            }
            self.inner.append(append).await
        })
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

    fn note<'a>(&'a self, note: Note<'a>) -> BoxFuture<'a, Result<(), AppendError>> {
        self.inner.note(note)
    }

    fn notes<'a>(&'a self, instance: &'a InstanceId, of: Revision) -> BoxFuture<'a, Result<Vec<bytes::Bytes>, Error>> {
        self.inner.notes(instance, of)
    }

    fn post<'a>(&'a self, post: Post<'a>) -> BoxFuture<'a, Result<u64, AppendError>> {
        self.inner.post(post)
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

    fn feed<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<Box<dyn Feed>, Error>> {
        self.inner.feed(after)
    }

    fn hands_in(&self) -> bool {
        self.inner.hands_in()
    }

    fn enter<'a>(&'a self, entry: Enter<'a>) -> BoxFuture<'a, Result<(), EnterError>> {
        self.inner.enter(entry)
    }

    fn entries<'a>(
        &'a self,
        saga: &'a str,
        options: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Option<Box<dyn Entries>>, Error>> {
        self.inner.entries(saga, options)
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

impl<DB: Driver> fmt::Debug for Chronicle<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = &self.shared.names;
        f.debug_struct("Chronicle").field("transport", &self.inner.name()).field("names", names).finish_non_exhaustive()
    }
}
