//! Starts from within a transaction: exactly those that were committed, once, in order per key.

use std::collections::HashMap;

use sagaflow::prelude::*;
use sagaflow_sqlx::{Database, ErrorKind, Relay, StartIn, Transaction};

use super::{Db, Stage};
use crate::support::{effects, until};

/// Writes down in which order it was run.
#[step(transaction)]
async fn note(tx: &mut Transaction<Db>, name: String) -> Result<(), Failure> {
    sqlx::query("INSERT INTO effects (name) VALUES ($1)").bind(name).execute(&mut *tx).await?;
    Ok(())
}

#[saga]
async fn order(name: String) -> Result<String, Failure> {
    note(name.clone()).await?;
    Ok(name)
}

/// Writes a start from within a step.
#[step(transaction)]
async fn order_from_within(#[inject] client: &Client, tx: &mut Transaction<Db>, name: String) -> Result<(), Failure> {
    client.start_in(tx, order(name.clone())).id(name.as_str()).await?;
    if name == "no" { Err(Failure::new("no").terminal()) } else { Ok(()) }
}

#[saga]
async fn indirect(name: String) -> Result<(), Failure> {
    order_from_within(name).await
}

async fn waiting(stage: &Stage) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM sagaflow_outbox").fetch_one(&stage.pool).await.unwrap()
}

#[tokio::test]
async fn committed_it_is_started_and_rolled_back_never() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let transport = connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let worker = Worker::builder(transport).serve::<order>().serve::<indirect>();
    let worker = worker.provide(database.clone()).provide(client.clone()).build().unwrap().spawn();
    let relay = Relay::new(&database, client.clone()).spawn();

    let mut tx = stage.pool.begin().await.unwrap();
    client.start_in(&mut tx, order("never".into())).id("never").await.unwrap();
    tx.rollback().await.unwrap();
    let mut tx = stage.pool.begin().await.unwrap();
    let instance = client.start_in(&mut tx, order("yes".into())).id("yes").await.unwrap();
    assert_eq!(instance.to_string(), "order/yes");
    // Nothing happens before it is committed.
    assert!(client.status("order", "yes").await.is_err());
    tx.commit().await.unwrap();
    until("it is started", async || client.status("order", "yes").await.is_ok()).await;
    assert_eq!(client.handle::<order>("yes").unwrap().outcome().await.unwrap().unwrap(), "yes");

    // In the transaction of a step: with its output, or not at all.
    for (name, ok) in [("from-step", true), ("no", false)] {
        let outcome = client.start(indirect(name.into())).id(name).await.unwrap().outcome().await.unwrap();
        assert_eq!(outcome.is_ok(), ok);
    }
    until("it is started", async || client.status("order", "from-step").await.is_ok()).await;
    until("the outbox is empty", async || waiting(&stage).await == 0).await;
    for never in ["never", "no"] {
        assert!(client.status("order", never).await.is_err());
    }
    relay.shutdown().await;
    worker.shutdown().await.unwrap();
    stage.end().await;
}

/// Ids written many times, by many at once, handed over by many relays, and some of them dropped where they stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_relays_start_each_id_once_and_those_of_a_key_in_order() {
    const KEYS: usize = 4;
    const EACH: usize = 25;
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let transport = connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let writers = (0..KEYS).map(|key| {
        let (stage, client) = (&stage, &client);
        async move {
            for n in 0..EACH {
                let mut tx = stage.pool.begin_with(super::BEGIN).await.unwrap();
                let start = client.start_in(&mut tx, order(format!("{key}/{n}"))).key(format!("key {key}"));
                // Each of them twice: the second does nothing.
                let id = format!("{key}-{n}");
                start.id(id.as_str()).await.unwrap();
                client.start_in(&mut tx, order(format!("{key}/{n}"))).id(id).key(format!("key {key}")).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
    });
    let relays = || (0..3).map(|_| Relay::new(&database, client.clone()).batch(7).spawn()).collect::<Vec<_>>();
    let first = relays();
    futures::future::join_all(writers).await;
    for relay in first {
        relay.shutdown().await;
    }
    let second = relays();
    until("the outbox is empty", async || waiting(&stage).await == 0).await;
    for relay in second {
        relay.shutdown().await;
    }
    // The revisions of the embedded transport are in the order of the starts.
    let mut last = HashMap::new();
    for key in 0..KEYS {
        for n in 0..EACH {
            let instance = sagaflow::transport::InstanceId::new("order", format!("{key}-{n}")).unwrap();
            let revision = transport.latest(&instance).await.unwrap().expect("it was started").revision;
            let before = last.insert(key, revision);
            assert!(before.is_none_or(|before| before < revision), "{key}-{n} was started before its predecessor");
        }
    }
    stage.end().await;
}

/// What can't be started says so where it is written, and holds up nobody.
#[tokio::test]
async fn bad_input_is_named_where_it_is_written() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let transport = connect("embedded:").await.unwrap();
    let client = Client::new(transport);
    let mut tx = stage.pool.begin().await.unwrap();
    let error = client.start_in(&mut tx, order("x".into())).id("no id at all").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let error = client.start_in(&mut tx, order("x".repeat(9_000_000))).id("large").await.unwrap_err();
    assert!(error.to_string().contains("is the most"), "{error}");
    // The transaction can go on.
    client.start_in(&mut database.within(&mut tx), order("x".into())).id("x").await.unwrap();
    tx.commit().await.unwrap();

    // A transaction of another database, whose tables have the same names; and one without them.
    let other = Stage::new().await;
    let mut tx = other.pool.begin().await.unwrap();
    let error = client.start_in(&mut database.within(&mut tx), order("x".into())).id("y").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AnotherDatabase);
    tx.rollback().await.unwrap();
    let empty = Stage::empty().await;
    let mut tx = empty.pool.begin().await.unwrap();
    let error = client.start_in(&mut tx, order("x".into())).id("y").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingMigration);
    drop(tx);

    // What somebody else has written there, and can't be read, is refused, and stays for an operator.
    let rubbish = "INSERT INTO sagaflow_outbox (kind, saga, instance, payload, key) VALUES ('start', 'order', 'z', 'rubbish', 'order/x')";
    sqlx::raw_sql(rubbish).execute(&stage.pool).await.unwrap();
    let mut tx = stage.pool.begin().await.unwrap();
    client.start_in(&mut tx, order("after".into())).id("after").key("order/x").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(Relay::new(&database, client.clone()).hand_over().await.unwrap(), 3);
    assert!(client.status("order", "after").await.is_ok());
    let error: String = sqlx::query_scalar("SELECT error FROM sagaflow_outbox WHERE state = 'refused'")
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    assert!(error.starts_with("the start of order/z can't be read"), "{error}");
    assert_eq!(effects!(stage, "x"), 0);
    for stage in [stage, other, empty] {
        stage.end().await;
    }
}
