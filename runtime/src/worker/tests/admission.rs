//! Admitting starts from an ingress: each is settled once its instance has a record, or can never have one.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, ready};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::super::admit;
use super::{Fault, Stage};
use crate::definition::SagaDefinition;
use crate::example::{Act, Script, order};
use crate::record::{self, Json};
use crate::transport::{Ack, Entries, Entry, EntryKind, InstanceId, Transport};
use crate::{Error, Status};

const GOOD: &str = r#"{"format":1,"arguments":{"item":"book","amount":5}}"#;

/// How an entry was settled.
#[derive(Debug, PartialEq, Eq)]
enum Settled {
    Ack,
    Nak(Duration),
    Term(String),
}

#[derive(Debug)]
struct Recorder(mpsc::UnboundedSender<Settled>);

impl Recorder {
    fn send(&self, settled: Settled) -> BoxFuture<'_, ()> {
        let _ = self.0.send(settled);
        Box::pin(ready(()))
    }
}

impl Ack for Recorder {
    fn ack(&self) -> BoxFuture<'_, ()> {
        self.send(Settled::Ack)
    }

    fn nak(&self, delay: Duration) -> BoxFuture<'_, ()> {
        self.send(Settled::Nak(delay))
    }

    fn in_progress(&self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }

    fn term(&self, reason: &str) -> BoxFuture<'_, ()> {
        self.send(Settled::Term(reason.to_owned()))
    }
}

#[derive(Debug)]
struct Queue(mpsc::UnboundedReceiver<Entry>);

impl Entries for Queue {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Entry, Error>>> {
        Box::pin(async { self.0.recv().await.map(Ok) })
    }
}

/// Hands back what was not taken, as every transport does.
impl Drop for Queue {
    fn drop(&mut self) {
        while let Ok(entry) = self.0.try_recv() {
            drop(entry.handle.nak(Duration::ZERO));
        }
    }
}

/// The ingress of a stage, and what becomes of what is put there.
struct Ingress {
    entries: mpsc::UnboundedSender<Entry>,
    settled: (mpsc::UnboundedSender<Settled>, mpsc::UnboundedReceiver<Settled>),
}

impl Ingress {
    fn of(stage: &Stage) -> Self {
        let (entries, queue) = mpsc::unbounded_channel();
        *stage.transport.ingress.lock().unwrap() = Some(Box::new(Queue(queue)));
        Self { entries, settled: mpsc::unbounded_channel() }
    }

    fn put(&self, id: &str, payload: &str, delivered: u64) {
        self.entries.send(self.entry(id, payload, delivered)).unwrap();
    }

    fn entry(&self, id: &str, payload: &str, delivered: u64) -> Entry {
        Entry {
            kind: EntryKind::Start,
            instance: InstanceId::new("order", id).unwrap(),
            payload: Bytes::copy_from_slice(payload.as_bytes()),
            delivered,
            handle: Box::new(Recorder(self.settled.0.clone())),
        }
    }

    async fn settled(&mut self) -> Settled {
        self.settled.1.recv().await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_is_admitted_once_and_acknowledged_each_time() {
    let stage = Stage::new(Script::default());
    let mut ingress = Ingress::of(&stage);
    let worker = stage.worker();
    let handle = stage.client.handle::<order>("admitted").unwrap();
    for delivered in [1, 2, 1] {
        ingress.put("admitted", GOOD, delivered);
        assert_eq!(ingress.settled().await, Settled::Ack);
        assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    }
    assert_eq!(stage.script.done().len(), 3, "its steps ran once");
    worker.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_start_is_not_acknowledged_before_it_has_a_record() {
    let stage = Stage::new(Script::default());
    let mut ingress = Ingress::of(&stage);
    stage.transport.faults.lock().unwrap().extend([Fault::Busy, Fault::Undecided, Fault::AnswerLost]);
    let _worker = stage.worker();
    ingress.put("admitted", GOOD, 1);
    assert_eq!(ingress.settled().await, Settled::Ack);
    assert!(stage.client.status("order", "admitted").await.is_ok());

    // For longer than a worker may keep it.
    stage.transport.faults.lock().unwrap().extend([Fault::Busy; 50]);
    ingress.put("admitted-later", GOOD, 1);
    assert_eq!(ingress.settled().await, Settled::Nak(Duration::from_secs(5)));
    assert!(stage.client.status("order", "admitted-later").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_can_never_be_admitted_is_given_up() {
    let stage = Stage::new(Script::default());
    let mut ingress = Ingress::of(&stage);
    let _worker = stage.builder().hand_back(Duration::from_secs(7), 3).build().unwrap().spawn();
    for junk in ["", "null", "{}", r#"{"format":1}"#, r#"{"format":"1","arguments":{}}"#] {
        ingress.put("junk", junk, 1);
        let Settled::Term(why) = ingress.settled().await else { panic!("{junk}") };
        assert!(why.contains("can't be read"), "{why}");
    }
    // Newer workers may know it, for a while.
    for delivered in 1..=3 {
        ingress.put("newer", r#"{"format":2}"#, delivered);
        assert_eq!(ingress.settled().await, Settled::Nak(Duration::from_secs(7)));
    }
    ingress.put("newer", r#"{"format":2}"#, 4);
    let Settled::Term(why) = ingress.settled().await else { panic!("no worker knew it") };
    assert!(why.contains("format 2"), "{why}");
    for id in ["junk", "newer"] {
        assert!(stage.client.status("order", id).await.is_err(), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn arguments_that_do_not_fit_pause_the_instance() {
    let stage = Stage::new(Script::default());
    let mut ingress = Ingress::of(&stage);
    let _worker = stage.builder().hand_back(Duration::from_secs(1), 2).build().unwrap().spawn();
    ingress.put("strange", r#"{"format":1,"arguments":{"item":5}}"#, 1);
    assert_eq!(ingress.settled().await, Settled::Ack);
    let paused = stage.until("strange", |record| record.status == Status::Paused).await;
    assert!(paused.reason.unwrap().contains("the arguments of saga `order` don't fit"));
}

/// Then the ingress fills, and clients hear of it.
#[tokio::test(start_paused = true)]
async fn a_worker_without_a_free_slot_admits_nothing() {
    let stage = Stage::new(Script::default().on("reserve", [Act::Hang]));
    let mut ingress = Ingress::of(&stage);
    let worker =
        stage.builder().concurrency(1).ack_wait(Duration::from_secs(20)).grace(Duration::ZERO).build().unwrap();
    let worker = worker.spawn();
    stage.client.start(order("book".into(), 5)).id("hangs").await.unwrap();
    stage.script.attempts(1).await;
    ingress.put("waits", GOOD, 1);
    assert_eq!(ingress.settled().await, Settled::Nak(Duration::from_secs(5)));

    // One that stops gives it to others at once.
    ingress.put("waits", GOOD, 1);
    tokio::task::yield_now().await;
    let (settled, stopped) = tokio::join!(ingress.settled(), worker.shutdown());
    stopped.unwrap();
    assert_eq!(settled, Settled::Nak(Duration::ZERO));
    assert!(stage.client.status("order", "waits").await.is_err());
}

/// What its first worker may have died of is not run here, but where such deaths are counted.
#[test]
fn a_start_that_comes_again_begins_at_the_beginning() {
    let stage = Stage::new(Script::default());
    let ingress = Ingress::of(&stage);
    let definition = SagaDefinition::of::<order>();
    let state = |delivered| {
        let entry = ingress.entry("a", GOOD, delivered);
        let start = record::decode_start(&Json, &entry.payload).unwrap();
        admit::first(&definition, &entry, start, Timestamp::now()).frame.unwrap().state
    };
    assert_eq!(state(1), "reserve");
    assert_eq!((state(2), state(60)), (String::new(), String::new()));
}

#[tokio::test(start_paused = true)]
async fn a_transport_without_an_ingress_takes_no_entries() {
    let transport: Arc<dyn Transport> = Stage::new(Script::default()).transport;
    assert!(!transport.hands_in());
    let instance = InstanceId::new("order", "1").unwrap();
    let enter = crate::transport::Enter { kind: EntryKind::Start, instance: &instance, payload: GOOD.into() };
    assert!(transport.enter(enter).await.unwrap_err().to_string().contains("has no ingress"));
}
