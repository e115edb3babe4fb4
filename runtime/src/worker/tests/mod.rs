//! Tests of worker and client together, on the embedded transport in memory and tokio's paused clock.

mod faults;
mod flow;
mod records;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;

use super::clock::Clock;
use super::{RunningWorker, Worker, WorkerBuilder};
use crate::example::{Script, order, probe};
use crate::record::{self, Json, Record};
use crate::transport::{
    Append, AppendError, Deliveries, DeliveryOptions, InstanceId, Revision, Stored, Transport, Watch, embedded,
};
use crate::{Client, Error};

/// A transport, a script for the steps, and a client.
struct Stage {
    transport: Arc<Faulty>,
    script: Arc<Script>,
    client: Client,
    clock: Clock,
}

impl Stage {
    fn new(script: Script) -> Self {
        let transport =
            Arc::new(Faulty { inner: embedded::memory(), max_record: embedded::MAX_RECORD, faults: Mutex::default() });
        Self { client: Client::new(transport.clone()), transport, script: Arc::new(script), clock: Clock::tokio() }
    }

    fn builder(&self) -> WorkerBuilder {
        let builder = Worker::builder(self.transport.clone()).serve::<order>().serve::<probe>();
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
        let append = Append {
            instance: &instance,
            after: None,
            payload: bytes::Bytes::from_static(payload),
            not_before: None,
            keep: None,
        };
        self.transport.inner.append(append).await.unwrap();
    }
}

/// The embedded transport, with appends that fail as asked.
#[derive(Debug)]
struct Faulty {
    inner: Arc<embedded::EmbeddedTransport>,
    max_record: usize,
    faults: Mutex<VecDeque<Fault>>,
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
            // The client's appends go through.
            let fault = append.after.and_then(|_| self.faults.lock().unwrap().pop_front());
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
        self.max_record
    }

    fn name(&self) -> String {
        self.inner.name()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.inner.close()
    }
}
