//! Whole sagas whose steps are transactions.

use sagaflow::prelude::*;
use sagaflow_sqlx::{Database, Transaction};
use sqlx::Row as _;

use super::{Db, Stage};
use crate::support::effects;

#[step(transaction)]
#[retry(fixed, delay = "1ms", max_attempts = 3)]
#[compensate(give_back(name))]
async fn pay(tx: &mut Transaction<Db>, name: String) -> Result<i64, Failure> {
    sqlx::query("INSERT INTO effects (name) VALUES ($1)").bind(&name).execute(&mut *tx).await?;
    let row = sqlx::query("SELECT count(*) FROM effects").fetch_one(&mut *tx).await?;
    Ok(row.try_get(0)?)
}

#[step(transaction)]
async fn give_back(tx: &mut Transaction<Db>, name: String) -> Result<(), Failure> {
    sqlx::query("DELETE FROM effects WHERE name = $1").bind(name).execute(&mut *tx).await?;
    Ok(())
}

/// Writes, and fails.
#[step(transaction, name = "ship-it")]
async fn ship(#[inject] cx: &StepContext, tx: &mut Transaction<Db>, to: String) -> Result<(), Failure> {
    sqlx::query("INSERT INTO effects (name) VALUES ($1)").bind(cx.key().as_str()).execute(&mut *tx).await?;
    if to == "nowhere" { Err(Failure::new("no such place").terminal()) } else { Ok(()) }
}

#[saga]
async fn order(name: String, to: String) -> Result<i64, Failure> {
    let count = pay(name).await?;
    ship(to).await?;
    Ok(count)
}

#[tokio::test]
async fn a_saga_commits_its_steps_and_undoes_them() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let transport = connect("embedded:").await.unwrap();
    let worker = Worker::builder(transport.clone()).serve::<order>().provide(database).build().unwrap().spawn();
    let client = Client::new(transport);
    let good = client.start(order("good".into(), "Rome".into())).id("good").await.unwrap();
    assert_eq!(good.outcome().await.unwrap().unwrap(), 1);
    let bad = client.start(order("bad".into(), "nowhere".into())).id("bad").await.unwrap();
    assert!(bad.outcome().await.unwrap().unwrap_err().to_string().contains("no such place"));
    assert_eq!((effects!(stage, "good"), effects!(stage, "bad")), (1, 0));
    assert_eq!(effects!(stage, "order/good/ship/2"), 1);
    let notes = sqlx::query_as::<_, (String, String, String, String)>(
        "SELECT key, part, step, state FROM sagaflow_inbox ORDER BY key, part",
    );
    let notes = notes.fetch_all(&stage.pool).await.unwrap();
    let notes: Vec<_> = notes.iter().map(|(key, part, step, state)| format!("{key} {part} {step} {state}")).collect();
    assert_eq!(
        notes,
        [
            "order/bad/pay/1 do pay done",
            "order/bad/pay/1 undo give_back done",
            "order/bad/ship/2 do ship-it failed",
            "order/good/pay/1 do pay done",
            "order/good/ship/2 do ship-it done",
        ]
    );
    worker.shutdown().await.unwrap();
    stage.end().await;
}

#[tokio::test]
async fn an_inline_run_is_a_transaction_without_a_note() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let run = || Dependencies::new().with(database.clone()).scope(order("a".into(), "nowhere".into()).inline());
    assert!(run().await.is_err());
    assert!(run().await.is_err());
    assert_eq!((effects!(stage, "a"), effects!(stage, "inline/ship-it")), (2, 0));
    stage.end().await;
}

#[tokio::test]
async fn a_worker_without_the_database_does_not_start() {
    let transport = connect("embedded:").await.unwrap();
    let error = Worker::builder(transport).serve::<order>().build().unwrap_err().to_string();
    assert!(error.contains("`tx: &sagaflow_sqlx::database::Database<"), "{error}");
}
