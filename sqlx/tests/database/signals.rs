//! Signals from within a transaction: exactly those that were committed, once, in order.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use sagaflow::prelude::*;
use sagaflow_sqlx::{Database, ErrorKind, Relay, SignalIn, StartIn, Transaction};
use serde::{Deserialize, Serialize};

use super::{Db, Stage};
use crate::support::until;

#[signal]
#[derive(Serialize, Deserialize)]
struct Added {
    n: u32,
}

/// Takes so many signals, and returns what they say.
#[saga]
async fn collect(most: usize) -> Result<Vec<u32>, Failure> {
    let mut all = Vec::new();
    while all.len() < most {
        let Added { n } = signal::<Added>().await;
        all.push(n);
    }
    Ok(all)
}

/// Sends a signal from within a step.
#[step(transaction)]
async fn add_from_within(#[inject] client: &Client, tx: &mut Transaction<Db>, n: u32) -> Result<(), Failure> {
    client.signal_in(tx, "collect", "c", Added { n }).await?;
    if n == 0 { Err(Failure::new("no").terminal()) } else { Ok(()) }
}

#[saga]
async fn indirect(n: u32) -> Result<(), Failure> {
    add_from_within(n).await
}

/// State and error of each row, in order.
async fn rows(stage: &Stage) -> Vec<(String, Option<String>)> {
    let sql = "SELECT state, error FROM sagaflow_outbox ORDER BY id";
    sqlx::query_as(sql).fetch_all(&stage.pool).await.unwrap()
}

async fn run(stage: &Stage, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&stage.pool).await.unwrap();
}

#[tokio::test]
async fn committed_it_is_sent_and_rolled_back_never() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let transport = connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let worker = Worker::builder(transport).serve::<collect>().serve::<indirect>();
    let worker = worker.provide(database.clone()).provide(client.clone()).build().unwrap().spawn();
    let relay = Relay::new(&database, client.clone()).spawn();

    // The start and the first signal in one transaction.
    let mut tx = stage.pool.begin().await.unwrap();
    client.start_in(&mut tx, collect(3)).id("c").await.unwrap();
    let instance = client.signal_in(&mut tx, "collect", "c", Added { n: 1 }).await.unwrap();
    assert_eq!(instance.to_string(), "collect/c");
    tx.commit().await.unwrap();
    let mut tx = stage.pool.begin().await.unwrap();
    client.signal_in(&mut tx, "collect", "c", Added { n: 99 }).await.unwrap();
    tx.rollback().await.unwrap();
    // The same twice, under a key of its own: the second is dropped.
    for _ in 0..2 {
        let mut tx = stage.pool.begin().await.unwrap();
        client.signal_in(&mut database.within(&mut tx), "collect", "c", Added { n: 2 }).key("two").await.unwrap();
        tx.commit().await.unwrap();
    }
    until("they are sent", async || rows(&stage).await.is_empty()).await;
    // In the transaction of a step: with its output, or not at all.
    for n in [0, 3] {
        let outcome = client.start(indirect(n)).await.unwrap().outcome().await.unwrap();
        assert_eq!(outcome.is_ok(), n > 0);
    }
    assert_eq!(client.handle::<collect>("c").unwrap().outcome().await.unwrap().unwrap(), [1, 2, 3]);
    relay.shutdown().await;
    worker.shutdown().await.unwrap();
    stage.end().await;
}

/// Polls a future so many times, and drops it then; whether it has come to its end.
async fn some_of_it(future: impl Future<Output = u64>, mut polls: u32) -> bool {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => {
            polls -= 1;
            if polls == 0 { Poll::Ready(false) } else { Poll::Pending }
        }
    })
    .await
}

/// A relay that dies at each of its awaits, one after the other, as a killed process does: what it had in hand is sent again.
#[tokio::test]
async fn a_relay_that_dies_anywhere_sends_each_once_and_in_order() {
    const EACH: usize = 12;
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let transport = connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let worker = Worker::builder(transport).serve::<collect>().build().unwrap().spawn();
    for id in ["a", "b"] {
        // One more than are sent: it does not end before the last row is known to be sent.
        client.start(collect(EACH + 1)).id(id).await.unwrap();
        for n in 0..EACH as u32 {
            let mut tx = stage.pool.begin().await.unwrap();
            client.signal_in(&mut tx, "collect", id, Added { n }).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    // So few at a time that there are many places to die at.
    let relay = || Relay::new(&database, client.clone()).batch(5);
    let (mut polls, mut deaths) = (1, 0);
    while !some_of_it(async { relay().hand_over().await.unwrap() }, polls).await {
        polls += 1;
        deaths += 1;
        // Its time is over.
        run(&stage, "UPDATE sagaflow_outbox SET held_until = 0").await;
    }
    until("all are sent", async || {
        // A server may carry out what the dead one has asked for after that.
        run(&stage, "UPDATE sagaflow_outbox SET held_until = 0").await;
        relay().hand_over().await.unwrap();
        rows(&stage).await.is_empty()
    })
    .await;
    assert!(deaths > 5, "it has died {deaths} times only");
    for id in ["a", "b"] {
        client.signal("collect", id, Added { n: EACH as u32 }).await.unwrap();
        let outcome = client.handle::<collect>(id).unwrap().outcome().await.unwrap().unwrap();
        assert_eq!(outcome, (0..=EACH as u32).collect::<Vec<_>>(), "{id}");
    }
    worker.shutdown().await.unwrap();
    stage.end().await;
}

/// A signal that nobody can take stays with the reason, and holds up nobody; an operator can have it tried again.
#[tokio::test]
async fn to_an_instance_that_is_not_there_or_has_ended() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let transport = connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let worker = Worker::builder(transport).serve::<collect>().build().unwrap().spawn();
    client.start(collect(0)).id("ended").await.unwrap().outcome().await.unwrap().unwrap();
    let alive = client.start(collect(1)).id("alive").await.unwrap();
    let mut tx = stage.pool.begin().await.unwrap();
    for id in ["missing", "ended", "alive"] {
        client.signal_in(&mut tx, "collect", id, Added { n: 7 }).in_order_of("all").await.unwrap();
    }
    tx.commit().await.unwrap();
    let relay = Relay::new(&database, client.clone());
    assert_eq!(relay.hand_over().await.unwrap(), 3);
    assert_eq!(alive.outcome().await.unwrap().unwrap(), [7]);
    let left = rows(&stage).await;
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().all(|(state, _)| state == "refused"));
    let errors: Vec<_> = left.iter().filter_map(|(_, error)| error.as_deref()).collect();
    assert!(errors[0].starts_with("there is no collect/missing"), "{errors:?}");
    assert_eq!(errors[1], "collect/ended takes no signals: it has come to its end");

    // Once there is one, it can be sent; and of what was tried before nobody knows whether it was taken.
    let missing = client.start(collect(1)).id("missing").await.unwrap();
    run(&stage, "UPDATE sagaflow_outbox SET state = 'waiting', error = NULL").await;
    assert_eq!(relay.hand_over().await.unwrap(), 2);
    assert_eq!(missing.outcome().await.unwrap().unwrap(), [7]);
    let left = rows(&stage).await;
    let error = left[0].1.as_deref().unwrap();
    assert!(error.ends_with("it has come to its end (it was tried before, and may have been taken then)"), "{error}");
    worker.shutdown().await.unwrap();
    stage.end().await;
}

/// A signal under another key than its instance's start does not come before it; and however many wait for it, they are in nobody's way.
#[tokio::test]
async fn a_signal_waits_for_the_start_that_is_in_the_outbox() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let transport = connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let worker = Worker::builder(transport).serve::<collect>().build().unwrap().spawn();
    let mut tx = stage.pool.begin().await.unwrap();
    client.start_in(&mut tx, collect(20)).id("c").key("starts").await.unwrap();
    for n in 0..20 {
        client.signal_in(&mut tx, "collect", "c", Added { n }).await.unwrap();
    }
    client.start_in(&mut tx, collect(0)).id("other").await.unwrap();
    tx.commit().await.unwrap();
    // Another relay has the start in hand.
    run(&stage, "UPDATE sagaflow_outbox SET held_by = 'another', held_until = 9000000000000 WHERE id = 1").await;
    let relay = Relay::new(&database, client.clone()).batch(5);
    until("the one of another key is handed over", async || {
        relay.hand_over().await.unwrap();
        client.status("collect", "other").await.is_ok()
    })
    .await;
    let left = rows(&stage).await;
    assert!(left.len() == 21 && left.iter().all(|row| *row == ("waiting".to_owned(), None)), "{left:?}");
    run(&stage, "UPDATE sagaflow_outbox SET held_by = NULL, held_until = 0").await;
    until("all are handed over", async || {
        relay.hand_over().await.unwrap();
        rows(&stage).await.is_empty()
    })
    .await;
    let outcome = client.handle::<collect>("c").unwrap().outcome().await.unwrap().unwrap();
    assert_eq!(outcome, (0..20).collect::<Vec<_>>());
    worker.shutdown().await.unwrap();
    stage.end().await;
}

#[tokio::test]
async fn bad_input_is_named_where_it_is_written() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let client = Client::new(connect("embedded:").await.unwrap());
    let mut tx = stage.pool.begin().await.unwrap();
    let error = client.signal_in(&mut tx, "collect", "no id", Added { n: 1 }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let error = client.signal_in(&mut tx, "collect", "c", Added { n: 1 }).key("no key").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().starts_with("the key `no key` of the signal `Added` can't be used"), "{error}");
    // The transaction can go on.
    client.signal_in(&mut tx, "collect", "c", Added { n: 1 }).await.unwrap();
    tx.commit().await.unwrap();
    // A transaction of another database.
    let other = Stage::new().await;
    let mut tx = other.pool.begin().await.unwrap();
    let error = client.signal_in(&mut database.within(&mut tx), "collect", "c", Added { n: 1 }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AnotherDatabase);
    tx.rollback().await.unwrap();
    // What somebody else has written there and can't be read; and what only a newer version knows, which is left to that.
    let rubbish = "DELETE FROM sagaflow_outbox; INSERT INTO sagaflow_outbox (kind, saga, instance, payload, key) VALUES \
         ('signal', 'collect', 'c', 'rubbish', '1'), ('signal', 'collect', 'c', '{\"format\":2}', '2'), ('telegram', 'a', 'b', '', '3')";
    run(&stage, rubbish).await;
    assert_eq!(Relay::new(&database, client).hand_over().await.unwrap(), 2);
    let left = rows(&stage).await;
    let error = |nth: usize| left[nth].1.as_deref().unwrap_or_default();
    assert!(error(0).starts_with("the signal to collect/c can't be read: expected value"), "{left:?}");
    assert!(error(1).ends_with("it has format 2, and this version of sagaflow reads up to 1"), "{left:?}");
    assert_eq!(left[2], ("waiting".to_owned(), None));
    for stage in [stage, other] {
        stage.end().await;
    }
}
