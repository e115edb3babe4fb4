//! Deliveries: none is lost by a crash, a leave or a meddling operator.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer};
use async_nats::jetstream::stream::RetentionPolicy;
use sagaflow::transport::{ConnectOptions, Deliveries, Delivery, Transport, nats};
use sagaflow_tests::NatsServer;

use crate::support::{append, append_surely, id, join, latest, next, open, patient, soon, text};

async fn consumer(server: &NatsServer) -> PullConsumer {
    let administrator = async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap());
    administrator.get_consumer_from_stream("checkout", "sagaflow-0").await.unwrap()
}

async fn start(transport: &Arc<dyn Transport>, numbers: std::ops::Range<usize>) {
    for number in numbers {
        append_surely(transport, &id(number), &number.to_string()).await;
    }
}

/// Takes deliveries until each of the instances has come.
async fn take(deliveries: &mut Box<dyn Deliveries>, numbers: std::ops::Range<usize>) -> Vec<Delivery> {
    let mut missing: BTreeSet<String> = numbers.map(|number| id(number).to_string()).collect();
    let mut taken = Vec::new();
    while !missing.is_empty() {
        let delivery = next(deliveries).await;
        missing.remove(&delivery.instance.to_string());
        taken.push(delivery);
    }
    taken
}

#[tokio::test]
async fn a_delivery_says_whose_record_it_is_and_how_often_it_came() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut deliveries = join(&transport, patient(8)).await;
    let revision = append(&transport, &id(1), None, "1").await.unwrap();
    for time in 1..=3 {
        let delivery = next(&mut deliveries).await;
        assert_eq!(delivery.instance, id(1));
        assert_eq!((delivery.revision, text(&delivery.payload), delivery.delivered), (revision, "1", time));
        // With and without a delay.
        delivery.handle.nak(Duration::from_millis(u64::from(time == 1))).await;
    }
}

#[tokio::test]
async fn superseding_a_record_ends_its_delivery_without_an_acknowledgement() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut deliveries = join(&transport, patient(8)).await;
    append(&transport, &id(1), None, "1").await.unwrap();
    let first = next(&mut deliveries).await;
    let second = append(&transport, &id(1), Some(first.revision), "2").await.unwrap();
    first.handle.superseded().await;
    // Handing back what is void brings nothing back.
    first.handle.nak(Duration::ZERO).await;
    let delivery = next(&mut deliveries).await;
    assert_eq!((delivery.revision, text(&delivery.payload)), (second, "2"));
    let mut consumer = consumer(&server).await;
    soon(async { while consumer.info().await.unwrap().num_ack_pending != 1 {} }).await;
    delivery.handle.ack().await;
    soon(async { while consumer.info().await.unwrap().num_ack_pending != 0 {} }).await;
    assert_eq!(latest(&transport, &id(1)).await.unwrap().revision, second, "an acknowledged record stays");
}

#[tokio::test]
async fn a_terminated_delivery_leaves_its_reason_and_its_record() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let listener = async_nats::connect(server.url()).await.unwrap();
    let mut advisories = listener.subscribe("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>").await.unwrap();
    listener.flush().await.unwrap();
    let mut deliveries = join(&transport, patient(8)).await;
    append(&transport, &id(1), None, "1").await.unwrap();
    next(&mut deliveries).await.handle.term("unreadable record").await;
    let advisory = soon(futures::StreamExt::next(&mut advisories)).await.unwrap();
    assert!(text(&advisory.payload).contains("unreadable record"), "{}", text(&advisory.payload));
    assert!(latest(&transport, &id(1)).await.is_some());
}

#[tokio::test]
async fn deliveries_go_on_after_the_server_was_killed() {
    let mut server = NatsServer::start().await;
    let transport = open(&server).await;
    // Room for all: a server that is killed may have forgotten acknowledgements, and then delivers those records again.
    let mut deliveries = join(&transport, patient(64)).await;
    start(&transport, 0..5).await;
    for delivery in take(&mut deliveries, 0..5).await {
        delivery.handle.ack().await;
    }
    server.kill();
    server.restart().await;
    let other = open(&server).await;
    start(&other, 5..10).await;
    take(&mut deliveries, 5..10).await;
}

#[tokio::test]
async fn what_a_leaving_worker_had_not_taken_comes_to_the_others_at_once() {
    let server = NatsServer::start().await;
    let (leaving, staying) = (open(&server).await, open(&server).await);
    start(&leaving, 0..50).await;
    let mut first = join(&leaving, patient(64)).await;
    let taken = next(&mut first).await;
    // All others are in the first worker's hands, or on their way there.
    let mut consumer = consumer(&server).await;
    soon(async { while consumer.info().await.unwrap().num_ack_pending != 50 {} }).await;
    let mut second = join(&staying, patient(64)).await;
    drop(first);
    taken.handle.nak(Duration::ZERO).await;
    // Far sooner than the ack wait of two minutes.
    take(&mut second, 0..50).await;
}

/// As a process that is stopped: it asks for nothing any more, but what it has asked for before is still open at the server,
/// which would give it the very record that is taken over from it, each time.
#[tokio::test]
async fn a_worker_that_sleeps_is_not_given_what_is_taken_over_from_it() {
    let server = NatsServer::start().await;
    let (asleep, awake) = (open(&server).await, open(&server).await);
    let mut options = patient(8);
    options.ack_wait = Duration::from_secs(3);
    let mut first = join(&asleep, options).await;
    append(&asleep, &id(1), None, "1").await.unwrap();
    let _taken = next(&mut first).await;
    let mut second = join(&awake, options).await;
    assert_eq!(next(&mut second).await.delivered, 2, "the first time after the ack wait");
}

#[tokio::test]
async fn closing_waits_for_what_is_handed_back() {
    let server = NatsServer::start().await;
    let (leaving, staying) = (open(&server).await, open(&server).await);
    start(&leaving, 0..50).await;
    let mut first = join(&leaving, patient(64)).await;
    next(&mut first).await.handle.ack().await;
    let mut consumer = consumer(&server).await;
    soon(async { while consumer.info().await.unwrap().num_ack_pending != 49 {} }).await;
    drop(first);
    soon(leaving.close()).await.unwrap();
    let mut second = join(&staying, patient(64)).await;
    for _ in 0..49 {
        next(&mut second).await;
    }
}

#[tokio::test]
async fn a_consumer_that_is_deleted_is_made_again() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut deliveries = join(&transport, patient(8)).await;
    start(&transport, 0..1).await;
    take(&mut deliveries, 0..1).await;
    let administrator = async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap());
    administrator.delete_consumer_from_stream("checkout", "sagaflow-0").await.unwrap();
    start(&transport, 1..3).await;
    // The new one knows nothing of the past: it delivers each instance's last record.
    take(&mut deliveries, 0..3).await;
    consumer(&server).await;
}

#[tokio::test]
async fn all_shards_deliver() {
    let server = NatsServer::start().await;
    let mut options = ConnectOptions::default();
    options.shards = 4;
    let transport = soon(nats::open(&server.url(), &options)).await.unwrap();
    let mut deliveries = join(&transport, patient(8)).await;
    start(&transport, 0..100).await;
    for _ in 0..100 {
        next(&mut deliveries).await.handle.ack().await;
    }
    let administrator = async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap());
    for shard in 0..4 {
        let stream = administrator.get_stream(format!("sagaflow-{shard}")).await.unwrap();
        assert!(stream.cached_info().state.messages > 10, "shard {shard}: {:?}", stream.cached_info().state);
    }
}

#[tokio::test]
async fn a_worker_holds_no_more_than_its_prefetch_and_what_it_took() {
    let server = NatsServer::start().await;
    let (greedy, other) = (open(&server).await, open(&server).await);
    start(&greedy, 0..50).await;
    let mut first = join(&greedy, patient(10)).await;
    let _one = next(&mut first).await;
    let mut second = join(&other, patient(64)).await;
    for _ in 0..40 {
        next(&mut second).await;
    }
}

/// What no later version may lose: each of these is a trap of its own.
#[tokio::test]
async fn consumers_neither_drop_deliveries_nor_falsify_their_delays() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let _deliveries = join(&transport, patient(8)).await;
    let administrator = async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap());
    for stream in ["sagaflow-0", "sagaflow-timers"] {
        let consumer: PullConsumer = administrator.get_consumer_from_stream("checkout", stream).await.unwrap();
        let config = &consumer.cached_info().config;
        assert_eq!((config.max_deliver, &config.backoff[..]), (-1, &[][..]), "{stream}");
        assert_eq!((config.max_ack_pending, config.max_waiting), (20_000, 2048), "{stream}");
        assert_eq!(config.ack_policy, AckPolicy::Explicit, "{stream}");
    }
    let records = administrator.get_stream("sagaflow-0").await.unwrap().cached_info().config.clone();
    assert!(!records.allow_rollup && !records.allow_message_schedules, "whoever may write one could wipe all");
    assert_eq!((records.max_age, records.max_messages, records.max_bytes), (Duration::ZERO, -1, -1));
    let timers = administrator.get_stream("sagaflow-timers").await.unwrap().cached_info().config.clone();
    assert_eq!((timers.max_age, timers.retention), (Duration::ZERO, RetentionPolicy::WorkQueue));
}

#[tokio::test]
async fn the_ack_wait_is_the_servers_when_workers_disagree() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let _first = join(&transport, patient(8)).await;
    let mut options = patient(8);
    options.ack_wait = Duration::from_secs(1);
    let mut second = join(&transport, options).await;
    drop(_first);
    start(&transport, 0..3).await;
    take(&mut second, 0..3).await;
    assert_eq!(consumer(&server).await.cached_info().config.ack_wait, Duration::from_secs(120));
}

#[tokio::test]
async fn dropping_a_waiting_next_loses_no_delivery() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut deliveries = join(&transport, patient(8)).await;
    let sender = transport.clone();
    let sending = tokio::spawn(async move { start(&sender, 0..200).await });
    let mut seen = BTreeSet::new();
    soon(async {
        while seen.len() < 200 {
            // Most of these time out, or just not.
            let waited = tokio::time::timeout(Duration::from_micros(300), deliveries.next()).await;
            if let Ok(delivery) = waited {
                let delivery = delivery.unwrap().unwrap();
                seen.insert(delivery.instance.to_string());
                delivery.handle.ack().await;
            }
        }
    })
    .await;
    sending.await.unwrap();
}
