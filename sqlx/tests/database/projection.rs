//! Results in SQL: one row per instance, in order, exactly once; and what is old is cleared away.

use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow_sqlx::{Database, Projector, Transaction};

use super::{Db, Stage};
use crate::support::until;

#[step(transaction)]
#[compensate(take_back(name))]
async fn write(tx: &mut Transaction<Db>, name: String) -> Result<(), Failure> {
    sqlx::query("INSERT INTO effects (name) VALUES ($1)").bind(name).execute(&mut *tx).await?;
    Ok(())
}

#[step(transaction)]
async fn take_back(tx: &mut Transaction<Db>, name: String) -> Result<(), Failure> {
    sqlx::query("DELETE FROM effects WHERE name = $1").bind(name).execute(&mut *tx).await?;
    Ok(())
}

#[step]
async fn check(name: String) -> Result<String, Failure> {
    if name.starts_with("bad") { Err(Failure::new("it is \0 bad").terminal()) } else { Ok(format!("{name}\0!")) }
}

#[saga]
async fn order(name: String) -> Result<String, Failure> {
    write(name.clone()).await?;
    let checked = check(name.clone()).await?;
    if name == "slow" {
        sleep("1h").await;
    }
    Ok(checked)
}

type Row = (String, String, Option<String>, Option<String>, Option<String>);

async fn rows(stage: &Stage) -> Vec<Row> {
    let sql = "SELECT id, status, state, error, CAST(outcome AS TEXT) FROM sagaflow_instances ORDER BY id";
    sqlx::query_as(sql).fetch_all(&stage.pool).await.unwrap()
}

async fn count(stage: &Stage, table: &'static str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(sql).fetch_one(&stage.pool).await.unwrap()
}

#[tokio::test]
async fn a_row_for_each_instance_as_it_stands() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let transport = connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let worker = Worker::builder(transport).serve::<order>().provide(database.clone()).build().unwrap().spawn();
    let projector = || Projector::new(client.clone(), &database).transitions(true);
    // Two of them: one is at it.
    let (first, second) = (projector().spawn(), projector().spawn());
    for name in ["good", "bad", "slow"] {
        client.start(order(name.into())).id(name).await.unwrap();
    }
    let stands = async |id: &str, status: &str| rows(&stage).await.iter().any(|row| row.0 == id && row.1 == status);
    let sleeps = async || rows(&stage).await.iter().any(|row| row.0 == "slow" && row.2.as_deref() == Some("sleep"));
    until("good has ended", async || stands("good", "completed").await).await;
    until("bad has ended", async || stands("bad", "compensated").await).await;
    until("slow sleeps", sleeps).await;
    let found = rows(&stage).await;
    assert_eq!(found.len(), 3);
    assert!(found[0].3.as_deref().is_some_and(|error| error.contains("bad")), "{found:?}");
    assert!(found[1].4.as_deref().is_some_and(|outcome| outcome.contains("good")), "{found:?}");
    first.shutdown().await;
    second.shutdown().await;

    // While nobody is at it, more happens; then it goes on where it was.
    let bad2 = client.start(order("bad2".into())).id("bad2").await.unwrap();
    assert!(bad2.outcome().await.unwrap().is_err());
    let again = projector().spawn();
    until("bad2 is there", async || stands("bad2", "compensated").await).await;
    // In order, and each once.
    let sql = "SELECT count(*) FROM sagaflow_transitions a JOIN sagaflow_transitions b ON a.saga = b.saga AND a.id = b.id \
         AND a.revision < b.revision AND a.at > b.at";
    let disorder: i64 = sqlx::query_scalar(sql).fetch_one(&stage.pool).await.unwrap();
    assert_eq!(disorder, 0);
    assert!(count(&stage, "sagaflow_transitions").await >= 4);
    let trouble: Vec<(String, String)> =
        sqlx::query_as("SELECT id, what FROM sagaflow_trouble ORDER BY id").fetch_all(&stage.pool).await.unwrap();
    let failed = |id: &str| (id.to_owned(), "failed today".to_owned());
    assert_eq!(trouble, [failed("bad"), failed("bad2")]);

    // Rebuilt, all is there again.
    let before = rows(&stage).await;
    projector().rebuild().await.unwrap();
    until("all is there again", async || rows(&stage).await == before).await;
    again.shutdown().await;

    // What is old is cleared away, but for what belongs to an instance that goes on.
    let kept = database.clear_away(&client, Duration::from_secs(3600)).await.unwrap();
    assert_eq!(kept, sagaflow_sqlx::Cleared::default());
    let notes = count(&stage, "sagaflow_inbox").await;
    let cleared = database.clear_away(&client, Duration::ZERO).await.unwrap();
    assert_eq!((cleared.notes, cleared.instances), (notes.unsigned_abs() - 1, 3), "{cleared:?}");
    assert_eq!(count(&stage, "sagaflow_instances").await, 1);
    let left: String = sqlx::query_scalar("SELECT key FROM sagaflow_inbox").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(left, "order/slow/write/1");
    worker.shutdown().await.unwrap();
    stage.end().await;
}

/// Rows that may be late are fewer, and come to the same.
#[tokio::test]
async fn rows_that_may_be_late_end_as_the_instances_do() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let transport = connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let worker = Worker::builder(transport).serve::<order>().provide(database.clone()).build().unwrap().spawn();
    let running = Projector::new(client.clone(), &database).late(Duration::from_millis(300)).spawn();
    for number in 0..40 {
        let name = format!("{}{number:02}", if number % 4 == 0 { "bad" } else { "good" });
        client.start(order(name.clone())).id(&*name).await.unwrap();
    }
    let ended = async || {
        let rows = rows(&stage).await;
        rows.len() == 40 && rows.iter().all(|row| ["completed", "compensated"].contains(&&*row.1))
    };
    until("all have ended", ended).await;
    for row in rows(&stage).await {
        let status = client.status("order", &row.0).await.unwrap();
        let shown = serde_json::to_value(status.status).unwrap();
        assert_eq!((row.1.into(), row.2), (shown, status.state));
    }
    running.shutdown().await;
    worker.shutdown().await.unwrap();
    stage.end().await;
}
