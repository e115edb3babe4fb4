//! Deliveries go on through what servers, networks and operators do to them.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::PullConsumer;
use sagaflow::transport::{Append, AppendError, ConnectOptions, Transport, nats};
use sagaflow_tests::{Logs, NatsServer, Proxy};

use crate::support::{administrator, append, id, join, latest, next, open, patient, soon, text};

async fn open_through(proxy: &Proxy) -> Arc<dyn Transport> {
    nats::open(&proxy.url(), &ConnectOptions::default()).await.expect("the server serves")
}

#[tokio::test]
async fn a_connection_that_is_cut_is_made_anew() {
    let server = NatsServer::start().await;
    let (logs, proxy, other) = (Logs::capture(), Proxy::before(server.address()).await, open(&server).await);
    let transport = open_through(&proxy).await;
    let mut deliveries = join(&transport, patient(8)).await;
    let administrator = administrator(&server).await;
    for number in 0..5 {
        append(&other, &id(number), None, "1").await.unwrap();
        next(&mut deliveries).await.handle.ack().await;
        // What the server sends before it knows of the loss comes again after the ack wait, which no test waits for: so
        // nobody may connect until it does know.
        proxy.close();
        proxy.cut();
        soon(async { while requests(&administrator).await != 0 {} }).await;
        proxy.open();
        logs.until_again(&["WARN", "lost the connection to NATS", "running sagas wait"], number + 1).await;
    }
}

/// How many requests for records the server knows of whose askers are there.
async fn requests(administrator: &jetstream::Context) -> usize {
    let consumer: PullConsumer = administrator.get_consumer_from_stream("checkout", "sagaflow-0").await.unwrap();
    consumer.cached_info().num_waiting
}

/// It stays open, and not a byte comes: as when a firewall has forgotten it, or the other machine is gone.
#[tokio::test]
async fn a_connection_that_goes_dead_is_made_anew() {
    let server = NatsServer::start().await;
    let (logs, proxy, other) = (Logs::capture(), Proxy::before(server.address()).await, open(&server).await);
    let transport = open_through(&proxy).await;
    let mut deliveries = join(&transport, patient(8)).await;
    append(&other, &id(1), None, "1").await.unwrap();
    next(&mut deliveries).await.handle.ack().await;
    proxy.deaden();
    append(&other, &id(2), None, "2").await.unwrap();
    // Requests stay open for 5 seconds on the dead connection, and what was given to it is not handed back: so one more
    // comes when the loss has been noticed, after four unanswered questions at intervals of 5 seconds.
    let mut appended = false;
    let delivery = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            tokio::select! {
                delivery = deliveries.next() => return delivery.unwrap().unwrap(),
                _ = logs.until(&["lost the connection to NATS"]), if !appended => {
                    append(&other, &id(3), None, "3").await.unwrap();
                    appended = true;
                }
            }
        }
    });
    let delivery = delivery.await.expect("noticed in less than a minute");
    assert_eq!(text(&delivery.payload), "3");
}

/// The connection lives, and the server knows nothing of the request: as after an election that nobody has told of.
#[tokio::test]
async fn a_request_for_records_that_was_lost_is_made_again() {
    let server = NatsServer::start().await;
    let (logs, proxy, other) = (Logs::capture(), Proxy::before(server.address()).await, open(&server).await);
    let transport = open_through(&proxy).await;
    proxy.lose("$JS.API.CONSUMER.MSG.NEXT.");
    let mut deliveries = join(&transport, patient(8)).await;
    append(&other, &id(1), None, "1").await.unwrap();
    let (delivery, ()) = tokio::join!(next(&mut deliveries), async {
        // One for the records and one for the wakes.
        proxy.lost(2).await;
        proxy.lose_nothing();
    });
    assert_eq!(delivery.instance, id(1));
    logs.until(&["no deliveries of `checkout`", "the server is silent"]).await;
}

#[tokio::test]
async fn a_request_that_nobody_answers_is_made_again() {
    let server = NatsServer::start().await;
    let (logs, transport, administrator) = (Logs::capture(), open(&server).await, administrator(&server).await);
    let mut deliveries = join(&transport, patient(1)).await;
    append(&transport, &id(1), None, "1").await.unwrap();
    let only = next(&mut deliveries).await;
    // No request is open, so the server has nobody to tell that the consumer is gone.
    administrator.delete_consumer_from_stream("checkout", "sagaflow-0").await.unwrap();
    append(&transport, &id(2), None, "2").await.unwrap();
    only.handle.ack().await;
    drop(only);
    // The consumer is made again, and delivers the last record of each.
    next(&mut deliveries).await.handle.ack().await;
    next(&mut deliveries).await;
    logs.until(&["nobody answers"]).await;
}

#[tokio::test]
async fn a_stream_that_is_gone_is_waited_for() {
    let server = NatsServer::start().await;
    let (logs, transport, administrator) = (Logs::capture(), open(&server).await, administrator(&server).await);
    let mut deliveries = join(&transport, patient(8)).await;
    append(&transport, &id(1), None, "1").await.unwrap();
    next(&mut deliveries).await.handle.ack().await;

    let config = administrator.get_stream("sagaflow-0").await.unwrap().cached_info().config.clone();
    administrator.delete_stream("sagaflow-0").await.unwrap();
    let told = ["ERROR", "no deliveries of `checkout`", "the stream `sagaflow-0` is gone", "restore it"];
    tokio::select! {
        _ = logs.until(&told) => {}
        ended = deliveries.next() => panic!("{ended:?}"),
    }
    administrator.create_stream(config).await.unwrap();
    append(&transport, &id(2), None, "2").await.unwrap();
    assert_eq!(next(&mut deliveries).await.instance, id(2));
    soon(logs.until(&["INFO", "deliveries of `checkout` (shard 0) go on again"])).await;
    assert_eq!(logs.text().matches("is gone from").count(), 1, "told once:\n{}", logs.text());
}

/// What had been given to a worker that leaves is handed over by itself, in order; nothing comes to it any more.
#[tokio::test]
async fn who_leaves_gets_what_it_had_not_taken() {
    let server = NatsServer::start().await;
    let (leaving, staying) = (open(&server).await, open(&server).await);
    let mut deliveries = join(&leaving, patient(16)).await;
    for number in 0..10 {
        append(&leaving, &id(number), None, "1").await.unwrap();
    }
    let first = next(&mut deliveries).await;
    let mut consumer: async_nats::jetstream::consumer::PullConsumer =
        administrator(&server).await.get_consumer_from_stream("checkout", "sagaflow-0").await.unwrap();
    soon(async { while consumer.info().await.unwrap().num_ack_pending != 10 {} }).await;
    let rest = soon(deliveries.leave()).await;
    assert_eq!(rest.len(), 9);
    // As a worker does: the same record once more, which is delivered for the first time.
    for delivery in rest.iter().chain([&first]) {
        append(&leaving, &delivery.instance, Some(delivery.revision), "1").await.unwrap();
    }
    let mut deliveries = join(&staying, patient(16)).await;
    for _ in 0..10 {
        assert_eq!(next(&mut deliveries).await.delivered, 1);
    }
}

#[tokio::test]
async fn who_waits_for_an_answer_knows_at_once_that_the_connection_is_lost() {
    let server = NatsServer::start().await;
    let proxy = Proxy::before(server.address()).await;
    let transport = open_through(&proxy).await;
    let instance = id(1);
    proxy.lose("sagaflow.0.");
    let appending = tokio::spawn({
        let (transport, instance) = (transport.clone(), instance.clone());
        async move { transport.append(Append::new(&instance, None, "1".into())).await }
    });
    soon(proxy.lost(1)).await;
    proxy.lose_nothing();
    proxy.cut();
    match soon(appending).await.unwrap() {
        // Not by the time-out, which says another thing.
        Err(AppendError::Unknown(text)) => assert_eq!(text, "the connection was lost"),
        other => panic!("{other:?}"),
    }
    // It waits for a connection, and is not stored twice.
    let first = append(&transport, &instance, None, "1").await.unwrap();
    assert_eq!(latest(&transport, &instance).await.unwrap().revision, first);
}
