//! Tests of worker and client together, on the embedded transport in memory and tokio's paused clock.

mod admission;
mod faults;
mod flow;
mod records;
mod several;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::{RunningWorker, Worker, WorkerBuilder};
use crate::clock::Clock;
use crate::example::{Script, charges, fan, order, probe};
use crate::record::{self, Json, Record};
use crate::transport::{
    Append, AppendError, Deliveries, Delivery, DeliveryOptions, Discard, Entries, InstanceId, Line, Log, Logged, Mail,
    Note, Of, Post, RecordPage, Revision, Stored, Transport, Watch, embedded,
};
use crate::{Client, Error, ErrorKind};

/// A transport, a script for the steps, and a client.
struct Stage {
    transport: Arc<Faulty>,
    script: Arc<Script>,
    client: Client,
    clock: Clock,
}

impl Stage {
    fn new(script: Script) -> Self {
        let transport = Arc::new(Faulty::new());
        Self { client: Client::new(transport.clone()), transport, script: Arc::new(script), clock: Clock::tokio() }
    }

    fn builder(&self) -> WorkerBuilder {
        let builder =
            Worker::builder(self.transport.clone()).serve::<order>().serve::<probe>().serve::<fan>().serve::<charges>();
        builder.provide_shared(self.script.clone()).clock(self.clock)
    }

    fn worker(&self) -> RunningWorker {
        self.builder().build().unwrap().spawn()
    }

    /// Waits until an instance's record is as asked for.
    async fn until(&self, id: &str, is: impl Fn(&Record) -> bool) -> Record {
        let instance = InstanceId::new("order", id).unwrap();
        let mut watch = self.transport.watch(&instance).await.unwrap();
        loop {
            let stored = watch.next().await.unwrap().unwrap();
            match record::decode(&Json, &stored.payload) {
                Ok(record) if is(&record) => return *record,
                _ => {}
            }
        }
    }

    async fn put(&self, id: &str, payload: &'static [u8]) {
        let instance = InstanceId::new("order", id).unwrap();
        let append = Append::new(&instance, None, bytes::Bytes::from_static(payload));
        self.transport.inner.append(append).await.unwrap();
    }
}

/// The embedded transport, with appends that fail as asked.
#[derive(Debug)]
struct Faulty {
    inner: Arc<embedded::EmbeddedTransport>,
    max_record: usize,
    faults: Mutex<VecDeque<Fault>>,
    /// Set while notes on progress are held up.
    slow_notes: watch::Sender<bool>,
    /// The saga whose deliveries end with an error.
    refused: Mutex<Option<&'static str>>,
    /// What the workers of `order` are to admit; without it, there is no ingress.
    ingress: Mutex<Option<Box<dyn Entries>>>,
}

impl Faulty {
    fn new() -> Self {
        let (inner, max_record) = (embedded::memory(), embedded::MAX_RECORD);
        let (faults, refused, ingress) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { inner, max_record, faults, slow_notes: watch::Sender::new(false), refused, ingress }
    }
}

/// Deliveries that can't go on.
#[derive(Debug)]
struct Refused;

impl Deliveries for Refused {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Delivery, Error>>> {
        Box::pin(async { Some(Err(Error::new(ErrorKind::Denied, "not you"))) })
    }
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    /// The record is stored, but the answer is lost.
    AnswerLost,
    Busy,
    Undecided,
}

impl Transport for Faulty {
    fn append<'a>(&'a self, append: Append<'a>) -> BoxFuture<'a, Result<Revision, AppendError>> {
        Box::pin(async move {
            // A client's appends go through.
            let is_workers = append.after.is_some() || append.instance.id().starts_with("admitted");
            let fault = is_workers.then(|| self.faults.lock().unwrap().pop_front()).flatten();
            match fault {
                None => self.inner.append(append).await,
                Some(Fault::AnswerLost) => {
                    self.inner.append(append).await?;
                    Err(AppendError::Unknown("lost".to_owned()))
                }
                Some(Fault::Busy) => Err(AppendError::Busy("full".to_owned())),
                Some(Fault::Undecided) => Err(AppendError::Undecided),
            }
        })
    }

    fn note<'a>(&'a self, note: Note<'a>) -> BoxFuture<'a, Result<(), AppendError>> {
        Box::pin(async move {
            if note.payload.starts_with(b"{\"progress\"") {
                let _ = self.slow_notes.subscribe().wait_for(|slow| !slow).await;
            }
            let fault = self.faults.lock().unwrap().pop_front();
            match fault {
                None => self.inner.note(note).await,
                Some(Fault::AnswerLost) => {
                    self.inner.note(note).await?;
                    Err(AppendError::Unknown("lost".to_owned()))
                }
                Some(Fault::Busy) => Err(AppendError::Busy("full".to_owned())),
                Some(Fault::Undecided) => Err(AppendError::Undecided),
            }
        })
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

    fn notes<'a>(&'a self, instance: &'a InstanceId, of: Revision) -> BoxFuture<'a, Result<Vec<Bytes>, Error>> {
        self.inner.notes(instance, of)
    }

    fn entries<'a>(
        &'a self,
        saga: &'a str,
        _: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Option<Box<dyn Entries>>, Error>> {
        let entries = (saga == "order").then(|| self.ingress.lock().unwrap().take()).flatten();
        Box::pin(std::future::ready(Ok(entries)))
    }

    fn latest<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Option<Stored>, Error>> {
        self.inner.latest(instance)
    }

    fn deliveries<'a>(
        &'a self,
        saga: &'a str,
        options: DeliveryOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Deliveries>, Error>> {
        if *self.refused.lock().unwrap() == Some(saga) {
            return Box::pin(async { Ok(Box::new(Refused) as Box<dyn Deliveries>) });
        }
        self.inner.deliveries(saga, options)
    }

    fn watch<'a>(&'a self, instance: &'a InstanceId) -> BoxFuture<'a, Result<Box<dyn Watch>, Error>> {
        self.inner.watch(instance)
    }

    fn max_record(&self) -> usize {
        self.max_record
    }

    fn name(&self) -> String {
        self.inner.name()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.inner.close()
    }
}
