//! The ingress: what clients hand in that may not write records, through every fault on its way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use async_nats::jetstream::consumer::PullConsumer;
use bytes::Bytes;
use futures::StreamExt;
use sagaflow::prelude::*;
use sagaflow::transport::nats::{Provision, provision};
use sagaflow::transport::{Append, Enter, EntryKind, InstanceId};
use sagaflow::{ConnectOptions, ErrorKind, FaultKind, IfExists, SagaError, Status};
use sagaflow_tests::NatsServer;

use crate::sagas::{Shop, checkout, doubling};
use crate::support::{administrator, emptied, messages, open, options, server, soon, status_when, worker};

const INGRESS: &str = "sagaflow-ingress";

/// A server with everything that is needed, a client that hands in, and no worker.
struct Stage {
    server: NatsServer,
    administrator: jetstream::Context,
    client: Client,
    direct: Arc<dyn Transport>,
    shop: Arc<Shop>,
}

impl Stage {
    async fn new(change: impl FnOnce(&mut Provision)) -> Self {
        let server = server("").await;
        let mut wanted = Provision::default();
        wanted.sagas = vec!["checkout".to_owned(), "doubling".to_owned()];
        wanted.ack_wait = Some(Duration::from_secs(2));
        change(&mut wanted);
        provision(&server.url(), &ConnectOptions::default(), &wanted).await.unwrap();
        let client = Client::new(open(&server.url(), &options(|o| o.ingress = true)).await);
        let direct = open(&server.url(), &ConnectOptions::default()).await;
        Self { administrator: administrator(&server).await, server, client, direct, shop: Arc::default() }
    }

    fn worker(&self) -> RunningWorker {
        worker(&self.direct, &self.shop)
    }

    async fn waiting(&self) -> u64 {
        messages(&self.administrator, INGRESS).await
    }

    /// Hands in what a client of ours would not.
    async fn put(&self, subject: &str, payload: impl Into<Bytes>) {
        self.administrator.publish(subject.to_owned(), payload.into()).await.unwrap().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_waits_for_a_worker_and_runs_to_its_outcome() {
    let stage = Stage::new(|_| {}).await;
    let handle = stage.client.start(checkout(5)).id("a").await.unwrap();
    assert_eq!(stage.waiting().await, 1);
    let error = handle.status().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "no record yet: {error}");
    // Longer than after what an instance without a record counts as missing.
    let outcome = tokio::spawn(async move { (handle.outcome().await, handle) });
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let worker = stage.worker();
    let (outcome, handle) = soon(outcome).await.unwrap();
    assert_eq!(outcome.unwrap(), Ok(6));
    emptied(&stage.administrator, INGRESS).await;
    assert_eq!(handle.status().await.unwrap().steps, 2);

    // Its id is taken: it is attached to, or refused, and nothing runs again.
    let again = stage.client.start(checkout(70)).id("a").await.unwrap();
    assert_eq!(soon(again.outcome()).await.unwrap(), Ok(6));
    emptied(&stage.administrator, INGRESS).await;
    let refused = stage.client.start(checkout(70)).id("a").if_exists(IfExists::Refuse).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::AlreadyStarted);
    assert_eq!(stage.shop.paid.load(std::sync::atomic::Ordering::Relaxed), 2);
    worker.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_starts_all_run_once() {
    let stage = Stage::new(|_| {}).await;
    let workers = [stage.worker(), stage.worker()];
    let starts =
        (0..200).map(|number| stage.client.start(checkout(1000 + number)).id(format!("n{number}")).into_future());
    for (number, handle) in futures::future::join_all(starts).await.into_iter().enumerate() {
        assert_eq!(soon(handle.unwrap().outcome()).await.unwrap(), Ok(1001 + number as u64));
    }
    assert_eq!(stage.shop.paid.load(std::sync::atomic::Ordering::Relaxed), 400);
    emptied(&stage.administrator, INGRESS).await;
    for worker in workers {
        worker.shutdown().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_start_waits_once() {
    let stage = Stage::new(|_| {}).await;
    stage.client.start(checkout(5)).id("a").await.unwrap();
    stage.client.start(checkout(5)).id("a").await.unwrap();
    assert_eq!(stage.waiting().await, 1);
    let refused = stage.client.start(checkout(5)).id("a").if_exists(IfExists::Refuse).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::AlreadyStarted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_ingress_is_busy_and_stores_nothing() {
    let stage = Stage::new(|wanted| wanted.ingress_entries = Some(2)).await;
    for id in ["a", "b"] {
        stage.client.start(checkout(5)).id(id).await.unwrap();
    }
    let begun = Instant::now();
    let error = stage.client.start(checkout(5)).id("c").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("was not started: the ingress takes no more"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5), "at once, not after {:?}", begun.elapsed());
    assert_eq!(stage.waiting().await, 2);

    let worker = stage.worker();
    emptied(&stage.administrator, INGRESS).await;
    let handle = stage.client.start(checkout(5)).id("c").await.unwrap();
    assert_eq!(soon(handle.outcome()).await.unwrap(), Ok(6));
    worker.shutdown().await.unwrap();
}

/// Each is settled in its own way; none blocks the others or comes back for ever.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_start_is_taken_out_of_the_way() {
    let stage = Stage::new(|_| {}).await;
    let junk: [(&str, &[u8]); 6] = [
        ("junk-0", b""),
        ("junk-1", b"{ this is no start"),
        ("junk-2", b"\xff\xfe"),
        // The server's answer to a publish, a record, and a start without arguments.
        ("junk-3", br#"{"stream":"sagaflow-ingress","seq":1}"#),
        ("junk-4", br#"{"format":1,"saga":"checkout","id":"x","status":"running"}"#),
        ("junk-5", br#"{"format":1,"arguments":[1,2]}"#),
    ];
    for (id, payload) in junk {
        stage.put(&format!("sagaflow.in.start.checkout.{id}"), payload.to_vec()).await;
    }
    // No name of an instance: 300 bytes.
    stage
        .put(&format!("sagaflow.in.start.checkout.{}", "x".repeat(300)), r#"{"format":1,"arguments":{"amount":5}}"#)
        .await;
    // Those are starts, but the saga can make nothing of them.
    stage.put("sagaflow.in.start.checkout.strange", r#"{"format":1,"arguments":{"price":"much"}}"#).await;
    stage.put("sagaflow.in.start.checkout.unlucky", r#"{"format":1,"arguments":{"amount":13}}"#).await;
    let worker = stage.worker();
    let handle = stage.client.start(checkout(5)).id("good").await.unwrap();
    assert_eq!(soon(handle.outcome()).await.unwrap(), Ok(6));
    emptied(&stage.administrator, INGRESS).await;

    for (id, _) in junk {
        let error = stage.client.status("checkout", id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{id}: {error}");
    }
    let status = status_when(&stage.client, "checkout", "strange", Status::Paused).await;
    assert!(status.reason.as_ref().unwrap().contains("the arguments of saga `checkout` don't fit"), "{status:?}");
    let unlucky = stage.client.handle::<checkout>("unlucky").unwrap();
    let Err(SagaError::Fault(fault)) = soon(unlucky.outcome()).await.unwrap() else { panic!("it panics") };
    assert_eq!(fault.kind, FaultKind::Panicked);
    worker.shutdown().await.unwrap();
}

/// They wait, as what was handed in before its workers came; and nobody else does.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_of_a_saga_that_nobody_serves_is_kept_and_blocks_nobody() {
    let stage = Stage::new(|_| {}).await;
    let worker = stage.worker();
    stage.put("sagaflow.in.start.unserved.a", r#"{"format":1,"arguments":{}}"#).await;
    let handle = stage.client.start(checkout(5)).await.unwrap();
    assert_eq!(soon(handle.outcome()).await.unwrap(), Ok(6));
    soon(async { while stage.waiting().await > 1 {} }).await;
    assert_eq!(stage.waiting().await, 1);
    worker.shutdown().await.unwrap();
}

/// It has appended the first record, and not acknowledged the entry.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_between_append_and_acknowledgement_starts_nothing_twice() {
    let stage = Stage::new(|_| {}).await;
    let instance = InstanceId::new("checkout", "a").unwrap();
    let first = Client::new(stage.direct.clone()).start(checkout(7)).id("a").await.unwrap();
    stage.client.start(checkout(5)).id("a").await.unwrap();
    let before = stage.direct.latest(&instance).await.unwrap().unwrap();
    let worker = stage.worker();
    emptied(&stage.administrator, INGRESS).await;
    assert_eq!(soon(first.outcome()).await.unwrap(), Ok(8), "the first start holds");
    let after = stage.direct.latest(&instance).await.unwrap().unwrap();
    assert!(after.revision > before.revision);
    assert_eq!(stage.shop.paid.load(std::sync::atomic::Ordering::Relaxed), 2);
    worker.shutdown().await.unwrap();
}

/// The entry was delivered to one that died: it comes again after the ack wait.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_whose_worker_was_lost_is_admitted_by_another() {
    let stage = Stage::new(|_| {}).await;
    let handle = stage.client.start(checkout(5)).id("a").await.unwrap();
    let consumer: PullConsumer = stage.administrator.get_consumer_from_stream("checkout", INGRESS).await.unwrap();
    let mut batch = consumer.fetch().max_messages(1).messages().await.unwrap();
    let lost = batch.next().await.unwrap().unwrap();
    assert_eq!(lost.subject.as_str(), "sagaflow.in.start.checkout.a");
    let worker = stage.worker();
    assert_eq!(soon(handle.outcome()).await.unwrap(), Ok(6));
    emptied(&stage.administrator, INGRESS).await;
    worker.shutdown().await.unwrap();
}

/// The answer is lost with the server: the start is handed in again, and runs once.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_the_server_neither_loses_nor_doubles_a_start() {
    let mut stage = Stage::new(|_| {}).await;
    stage.client.start(checkout(5)).id("before").await.unwrap();
    stage.server.kill();
    let client = stage.client.clone();
    let starting = tokio::spawn(async move { client.start(checkout(5)).id("meanwhile").await });
    stage.server.restart().await;
    let meanwhile = soon(starting).await.unwrap().unwrap();
    let before = stage.client.handle::<checkout>("before").unwrap();
    let worker = stage.worker();
    status_when(&stage.client, "checkout", "before", Status::Completed).await;
    for handle in [before, meanwhile] {
        assert_eq!(soon(handle.outcome()).await.unwrap(), Ok(6));
    }
    assert_eq!(stage.shop.paid.load(std::sync::atomic::Ordering::Relaxed), 4);
    worker.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_too_large_is_an_error_or_a_pause() {
    let stage = Stage::new(|_| {}).await;
    let limit = stage.direct.max_record();
    let error = stage.client.start(doubling("x".repeat(limit))).id("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert!(error.to_string().contains("the variable `text`"), "{error}");
    assert_eq!(stage.waiting().await, 0);

    // From somebody who doesn't look at the limit of records, only at that of the server.
    let payload = format!(r#"{{"format":1,"arguments":{{"text":"{}"}}}}"#, "x".repeat(limit - 100));
    stage.put("sagaflow.in.start.doubling.b", payload).await;
    // It can be handed in, but not stand there twice.
    stage.client.start(doubling("x".repeat(limit * 2 / 3))).id("c").await.unwrap();
    let worker = stage.worker();
    let status = status_when(&stage.client, "doubling", "c", Status::Paused).await;
    assert!(
        status.reason.as_ref().unwrap().contains("its largest part is the arguments of step `compare`"),
        "{status:?}"
    );
    emptied(&stage.administrator, INGRESS).await;
    assert_eq!(stage.client.status("doubling", "b").await.unwrap_err().kind(), ErrorKind::NotFound);
    worker.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_ingress_it_is_said_what_is_missing() {
    let server = server("").await;
    let hands_in = open(&server.url(), &options(|o| o.ingress = true)).await;
    let client = Client::new(hands_in.clone());
    let entry =
        Enter { kind: EntryKind::Start, instance: &InstanceId::new("checkout", "b").unwrap(), payload: "{}".into() };
    let error = soon(hands_in.enter(entry)).await.unwrap_err();
    assert!(error.to_string().contains("is there a stream `sagaflow-ingress`?"), "{error}");
    // Nobody answers, as in an election: that is waited for. So a worker that comes late makes it good.
    let begun = tokio::spawn(async move { client.start(checkout(5)).id("a").await });
    let direct = open(&server.url(), &ConnectOptions::default()).await;
    let worker = worker(&direct, &Arc::default());
    let handle = soon(begun).await.unwrap().unwrap();
    assert_eq!(soon(handle.outcome()).await.unwrap(), Ok(6));
    worker.shutdown().await.unwrap();
}

/// A record that somebody has put there is not what a start replaces.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_never_replaces_a_record() {
    let stage = Stage::new(|_| {}).await;
    let instance = InstanceId::new("checkout", "a").unwrap();
    let payload = Bytes::from_static(br#"{"format":9,"status":"completed"}"#);
    let append = Append::new(&instance, None, payload.clone());
    stage.direct.append(append).await.unwrap();
    stage.client.start(checkout(5)).id("a").await.unwrap();
    let worker = stage.worker();
    emptied(&stage.administrator, INGRESS).await;
    assert_eq!(stage.direct.latest(&instance).await.unwrap().unwrap().payload, payload);
    worker.shutdown().await.unwrap();
}
