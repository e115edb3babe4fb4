//! A row for every record, and the view for the usual questions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sagaflow::prelude::*;
use sagaflow_sqlx::{Chronicle, Database, Projector};

use super::{Db, Stage};
use crate::support::until;

/// Faster than any projector.
#[step]
#[retry(fixed, delay = "0ms", max_attempts = 100)]
async fn tick(#[inject] ticks: &AtomicU32, n: u32) -> Result<u32, Failure> {
    let all = ticks.fetch_add(1, Ordering::SeqCst);
    if all % 7 == 3 { Err(Failure::new("not now")) } else { Ok(n + 1) }
}

#[saga]
async fn clock() -> Result<u32, Failure> {
    let mut n = 0;
    while n < 10 {
        n = tick(n).await?;
    }
    Ok(n)
}

type Row = (String, Option<i32>, Option<String>);

/// An instance's rows, in order.
async fn rows(stage: &Stage, id: &str) -> Vec<Row> {
    let sql =
        "SELECT status, attempt, error FROM sagaflow_transitions WHERE saga = 'clock' AND id = $1 ORDER BY revision";
    sqlx::query_as(sql).bind(id).fetch_all(&stage.pool).await.unwrap()
}

async fn run(stage: &Stage, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&stage.pool).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_for_every_record_in_order_and_once() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let inner = connect("embedded:").await.unwrap();
    let transport: Arc<dyn Transport> = Arc::new(Chronicle::new(inner.clone(), &database));
    let client = Client::new(transport.clone());
    let ticks = Arc::new(AtomicU32::new(0));
    let worker = || Worker::builder(transport.clone()).serve::<clock>().provide_shared(ticks.clone()).build().unwrap();
    // One of them is dropped on the way: what it was at is taken over.
    let (first, second) = (worker().spawn(), worker().spawn());
    let ids: Vec<_> = (0..20).map(|n| format!("c-{n}")).collect();
    for id in &ids {
        client.start(clock()).id(id.as_str()).await.unwrap();
    }
    drop(first);
    for id in &ids {
        let handle = client.handle::<clock>(id.as_str()).unwrap();
        let outcome =
            tokio::time::timeout(std::time::Duration::from_secs(120), handle.outcome()).await.expect("it ends");
        assert_eq!(outcome.unwrap().unwrap(), 10);
    }
    // Nobody has projected anything until now; the last record of each is still there.
    let projector = Projector::new(client.clone(), &database).transitions(true).spawn();
    for id in &ids {
        until("its last row is there", async || rows(&stage, id).await.last().is_some_and(|row| row.0 == "completed"))
            .await;
        let rows = rows(&stage, id).await;
        // A record for the start of each attempt, and the last. The attempts of a call are numbered without a gap.
        let status = client.status("clock", id).await.unwrap();
        let attempts: Vec<_> = rows.iter().filter_map(|row| row.1).collect();
        let mut distinct = attempts.clone();
        // A worker that takes over writes the record again.
        distinct.dedup();
        let first_attempts = attempts.iter().filter(|attempt| **attempt == 1).count();
        assert!(rows.len() as u64 > status.attempts, "{id}: {} attempts, {rows:?}", status.attempts);
        assert!(first_attempts >= 10, "{id}: {rows:?}");
        for pair in attempts.windows(2) {
            assert!(pair[1] == 1 || pair[1] == pair[0] || pair[1] == pair[0] + 1, "{id}: {rows:?}");
        }
        let failed = rows.iter().filter(|row| row.2.as_deref().is_some_and(|error| error.contains("not now"))).count();
        let retried = attempts.iter().filter(|attempt| **attempt > 1).count();
        assert!(failed >= retried, "{id}: {rows:?}");
    }
    projector.shutdown().await;
    second.shutdown().await.unwrap();
    stage.end().await;
}

/// While nothing can be written down, nothing moves; then it goes on, and no row is missing.
#[tokio::test]
async fn nothing_moves_while_the_database_refuses() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let transport: Arc<dyn Transport> = Arc::new(Chronicle::new(connect("embedded:").await.unwrap(), &database));
    let client = Client::new(transport.clone());
    let ticks = Arc::new(AtomicU32::new(0));
    run(&stage, "ALTER TABLE sagaflow_transitions RENAME TO gone").await;
    let worker = Worker::builder(transport).serve::<clock>().provide_shared(ticks.clone()).build().unwrap().spawn();
    let handle = client.start(clock()).id("c").await.unwrap();
    until("the first step has run", async || ticks.load(Ordering::SeqCst) > 0).await;
    assert_eq!(client.status("clock", "c").await.unwrap().attempts, 0);
    run(&stage, "ALTER TABLE gone RENAME TO sagaflow_transitions").await;
    assert_eq!(handle.outcome().await.unwrap().unwrap(), 10);
    // The last one is the projector's.
    assert!(rows(&stage, "c").await.len() > 10);
    worker.shutdown().await.unwrap();
    stage.end().await;
}

/// What is stuck, paused, slow, or has failed today; and nothing else.
#[tokio::test]
async fn the_view_answers_the_usual_questions() {
    let stage = Stage::new().await;
    let now = jiff::Timestamp::now();
    let time = |hours: i64| {
        let time = now - jiff::SignedDuration::from_hours(hours);
        jiff::fmt::strtime::format("%Y-%m-%d %H:%M:%S", time).unwrap()
    };
    let insert = |id: &str, status: &str, updated: i64, finished: Option<i64>, wakes: Option<i64>| {
        let quoted = |hours: Option<i64>| hours.map_or("NULL".to_owned(), |hours| format!("'{}+00'", time(hours)));
        format!(
            "INSERT INTO sagaflow_instances (saga, id, revision, status, attempts, steps, reason, started, updated, finished, wakes, meta) \
             VALUES ('s', '{id}', 1, '{status}', 0, 0, 'why', '{0}+00', '{0}+00', {1}, {2}, '{{}}');",
            time(updated),
            quoted(finished),
            quoted(wakes)
        )
    };
    let all = [
        insert("a-stuck", "stuck", 50, None, None),
        insert("b-paused", "paused", 50, None, None),
        insert("c-slow", "running", 1, None, None),
        insert("d-slow-unwinding", "unwinding", 1, None, None),
        insert("e-overslept", "running", 50, None, Some(2)),
        insert("f-failed", "failed", 0, Some(0), None),
        insert("g-undone", "compensated", 0, Some(0), None),
        // All this is as it should be.
        insert("h-sleeps", "running", 50, None, Some(-2)),
        insert("i-moves", "running", 0, None, None),
        insert("j-failed-long-ago", "failed", 50, Some(50), None),
        insert("k-done", "completed", 0, Some(0), None),
    ]
    .concat();
    // SQLite's times have no offset.
    let all = if super::BEGIN == "BEGIN" { all } else { all.replace("+00'", "'") };
    sqlx::raw_sql(sqlx::AssertSqlSafe(all)).execute(&stage.pool).await.unwrap();
    let sql = "SELECT id, what, why FROM sagaflow_trouble ORDER BY id";
    let found: Vec<(String, String, String)> = sqlx::query_as(sql).fetch_all(&stage.pool).await.unwrap();
    let found: Vec<_> = found.iter().map(|(id, what, why)| format!("{id}: {what} ({why})")).collect();
    assert_eq!(
        found,
        [
            "a-stuck: stuck (why)",
            "b-paused: paused (why)",
            "c-slow: slow (why)",
            "d-slow-unwinding: slow (why)",
            "e-overslept: slow (why)",
            "f-failed: failed today (why)",
            "g-undone: failed today (why)",
        ]
    );
    stage.end().await;
}
