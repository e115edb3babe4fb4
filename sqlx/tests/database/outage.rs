//! The database is away, and comes back.

use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow_sqlx::{Database, Relay, StartIn, Transaction};
use sagaflow_tests::Postgres as Server;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::{Db, Stage};
use crate::support::{attempt, effects, forward, short, until, write};

#[step(transaction)]
#[retry(exponential, base = "20ms", max_delay = "500ms", jitter = full, max_attempts = 1000)]
async fn put(#[inject] cx: &StepContext, tx: &mut Transaction<Db>) -> Result<(), Failure> {
    sqlx::query("INSERT INTO effects (name) VALUES ($1)").bind(cx.key().as_str()).execute(&mut *tx).await?;
    Ok(())
}

#[saga]
async fn five() -> Result<u32, Failure> {
    for _ in 0..5 {
        put().await?;
    }
    Ok(5)
}

/// A server that crashes while sagas run: all come to their end, and each step has had its effect once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_and_comes_back() {
    const SAGAS: i64 = 40;
    let mut server = Server::start(true).unwrap();
    // Short, as its back-off while nobody listens grows with it.
    let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(2));
    let pool = pool.connect(&server.url()).await.unwrap();
    sagaflow_sqlx::migrate(&pool).await.unwrap();
    sqlx::raw_sql("CREATE TABLE effects (name TEXT NOT NULL)").execute(&pool).await.unwrap();
    let database = Database::<Db>::open(pool.clone()).await.unwrap();
    let transport = connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let worker = Worker::builder(transport).serve::<five>().provide(database.clone()).concurrency(4);
    let worker = worker.build().unwrap().spawn();
    let relay = Relay::new(&database, client.clone()).spawn();
    let mut tx = pool.begin().await.unwrap();
    for n in 0..SAGAS {
        client.start_in(&mut tx, five()).id(format!("s-{n}")).await.unwrap();
    }
    tx.commit().await.unwrap();
    let count = async |pool: &PgPool| {
        let count = sqlx::query_scalar("SELECT count(*) FROM effects").fetch_one(pool).await;
        count.unwrap_or(0_i64)
    };
    for most in [SAGAS / 2, SAGAS * 2] {
        until("so much is done", async || count(&pool).await >= most).await;
        server = tokio::task::spawn_blocking(move || {
            server.crash().unwrap();
            server
        })
        .await
        .unwrap();
    }
    for n in 0..SAGAS {
        let id = format!("s-{n}");
        until("it is started", async || client.status("five", &id).await.is_ok()).await;
        let handle = client.handle::<five>(id.as_str()).unwrap();
        let outcome = tokio::time::timeout(Duration::from_secs(60), handle.outcome()).await.expect("it ends");
        assert_eq!(outcome.unwrap().unwrap(), 5);
    }
    let sql = "SELECT name FROM effects GROUP BY name HAVING count(*) > 1";
    let twice: Vec<String> = sqlx::query_scalar(sql).fetch_all(&pool).await.unwrap();
    assert_eq!((twice, count(&pool).await), (Vec::new(), SAGAS * 5));
    relay.shutdown().await;
    worker.shutdown().await.unwrap();
    pool.close().await;
}

/// After a failover a connection may lead to a server that only reads: an attempt that is made there has failed, and is made again.
#[tokio::test]
async fn a_server_that_only_reads_for_now() {
    let stage = Stage::new().await;
    let read_only = |on: bool| {
        let options = stage.pool.connect_options().as_ref().clone();
        options.options([("default_transaction_read_only", if on { "on" } else { "off" })])
    };
    let writable = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let pool = PgPool::connect_with(read_only(true)).await.unwrap();
    // Where it is opened, that is an error with a name.
    let error = Database::<Db>::open(pool.clone()).await.unwrap_err();
    assert_eq!(error.kind(), sagaflow_sqlx::ErrorKind::Denied);
    // Where it has been opened before: the pool's next connections lead there.
    let moved = PgPoolOptions::new().max_connections(1).connect_with(read_only(false)).await.unwrap();
    let database = Database::<Db>::open(moved.clone()).await.unwrap();
    sqlx::raw_sql("SET default_transaction_read_only = on").execute(&moved).await.unwrap();
    let runs = std::sync::atomic::AtomicU32::new(0);
    let said = short(attempt(&database, forward("k"), &runs, write!("paid")).await);
    assert!(said.starts_with("retry: beginning step `pay`: the database does not permit it"), "{said}");
    assert_eq!(short(attempt(&writable, forward("k"), &runs, write!("paid")).await), r#"ran {"Ok":"paid"}"#);
    assert_eq!(effects!(stage, "paid"), 1);
    pool.close().await;
    moved.close().await;
    stage.end().await;
}
