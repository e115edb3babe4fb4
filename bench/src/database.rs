//! The user's database: a transactional step beside the same transaction written by hand, the relay of the outbox, and the projector.

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt, stream};
use sagaflow::definition::AttemptOutput;
use sagaflow::prelude::*;
use sagaflow::record::{Unreadable, Value};
use sagaflow::transaction::{StepTransaction, TransactionCall, TransactionEnd};
use sagaflow_sqlx::{Database, Postgres, Projector, Relay, Transaction};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};

use crate::Failed;
use crate::cpu::{self, Meter};
use crate::line::{Line, median, per_second, print};
use crate::place::{Kind, Place};
use crate::sagas::three;
use crate::throughput;

/// How many transactions a turn has, and how many of them at a time.
const TRANSACTIONS: u64 = 4_000;
const AT_ONCE: usize = 8;
/// How many rows the relay and the projector are measured with.
const ROWS: u64 = 20_000;
/// How often two things are compared, in turns.
const TURNS: usize = 5;

const UPDATE: &str = "UPDATE accounts SET balance = balance + 1 WHERE id = $1";
const INSERT: &str = "INSERT INTO entries (account, amount) VALUES ($1, 1)";

/// Measures all of it on a server, in a database of its own.
pub(crate) async fn measure(
    place: impl AsyncFn(Kind) -> Result<Place, Failed>,
    url: &str,
    sagas: u64,
    at_once: u16,
) -> Result<(), Failed> {
    let pool = fresh(url).await?;
    let database = Database::open(pool.clone()).await?;
    transactions(&pool, &database).await?;
    relay(&pool, &database).await?;
    projector(&pool, &database).await?;
    beside(place, &pool, &database, sagas, at_once).await?;
    pool.close().await;
    Ok(())
}

async fn fresh(url: &str) -> Result<PgPool, Failed> {
    let admin = PgPool::connect(url).await?;
    for statement in ["DROP DATABASE IF EXISTS sagaflow_bench WITH (FORCE)", "CREATE DATABASE sagaflow_bench"] {
        sqlx::raw_sql(statement).execute(&admin).await?;
    }
    admin.close().await;
    let (server, _) = url.rsplit_once('/').ok_or("the URL names no database")?;
    let pool = PgPoolOptions::new().max_connections(12).connect(&format!("{server}/sagaflow_bench")).await?;
    sagaflow_sqlx::migrate(&pool).await?;
    let tables = "CREATE TABLE accounts (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL);
        CREATE TABLE entries (account BIGINT NOT NULL, amount BIGINT NOT NULL);
        INSERT INTO accounts SELECT n, 0 FROM generate_series(0, 999) n";
    sqlx::raw_sql(tables).execute(&pool).await?;
    Ok(pool)
}

/// Two statements in a transaction: by hand, and as a step.
async fn transactions(pool: &PgPool, database: &Database<Postgres>) -> Result<(), Failed> {
    let (mut by_hand, mut steps, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut used = [Duration::ZERO; 4];
    for turn in 0..TURNS {
        let before = used_now();
        let hand = rate(|number| by_hand_once(pool, number)).await?;
        let between = used_now();
        let step = rate(|number| step_once(database, turn, number)).await?;
        let after = used_now();
        let spent = [between.0 - before.0, after.0 - between.0, between.1 - before.1, after.1 - between.1];
        used.iter_mut().zip(spent).for_each(|(sum, spent)| *sum += spent);
        by_hand.push(hand);
        steps.push(step);
        ratios.push(step / hand);
    }
    print(&Line::Transaction {
        by_hand_per_s: median(by_hand),
        steps_per_s: median(steps),
        ratio: round(median(ratios)),
        by_hand_us: each(used[0], TRANSACTIONS * TURNS as u64),
        steps_us: each(used[1], TRANSACTIONS * TURNS as u64),
        by_hand_server_us: each(used[2], TRANSACTIONS * TURNS as u64),
        steps_server_us: each(used[3], TRANSACTIONS * TURNS as u64),
    });
    Ok(())
}

/// Of this process, of the NATS server, and of the database.
fn all_now() -> [Duration; 3] {
    [cpu::here(), cpu::of_programs("nats-server"), cpu::of_programs("postgres")]
}

/// Of this process, and of the server.
fn used_now() -> (Duration, Duration) {
    (cpu::here(), cpu::of_programs("postgres"))
}

async fn rate<Fut: Future<Output = Result<(), Failed>>>(once: impl Fn(u64) -> Fut) -> Result<f64, Failed> {
    let begun = Instant::now();
    stream::iter(0..TRANSACTIONS).map(once).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
    Ok(per_second(TRANSACTIONS, begun.elapsed()))
}

fn account(number: u64) -> i64 {
    i64::try_from(number % 1000).unwrap_or_default()
}

async fn by_hand_once(pool: &PgPool, number: u64) -> Result<(), Failed> {
    let mut tx = pool.begin().await?;
    sqlx::query(UPDATE).bind(account(number)).execute(&mut *tx).await?;
    sqlx::query(INSERT).bind(account(number)).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

async fn step_once(database: &Database<Postgres>, turn: usize, number: u64) -> Result<(), Failed> {
    let key = format!("bench/{turn}-{number}/pay/1");
    let call = TransactionCall::new("pay", Some(&key), jiff::Timestamp::UNIX_EPOCH, false);
    let ended = Transaction::attempt(database, call, &move |tx| pay(tx, number)).await;
    match ended {
        Ok(TransactionEnd::Ran(_)) => Ok(()),
        other => Err(format!("the step has not run: {other:?}").into()),
    }
}

fn pay(tx: &mut Transaction<Postgres>, number: u64) -> BoxFuture<'_, Result<AttemptOutput, Unreadable>> {
    Box::pin(async move {
        let failed = |error: sqlx::Error| Unreadable(error.to_string());
        sqlx::query(UPDATE).bind(account(number)).execute(&mut *tx).await.map_err(failed)?;
        sqlx::query(INSERT).bind(account(number)).execute(&mut *tx).await.map_err(failed)?;
        let output = Value::write(&Ok::<(), String>(())).map_err(|error| Unreadable(error.to_string()))?;
        Ok(AttemptOutput { output, error: None })
    })
}

/// Rows of the outbox that become starts.
async fn relay(pool: &PgPool, database: &Database<Postgres>) -> Result<(), Failed> {
    let client = Client::new(sagaflow::connect("embedded:").await?);
    let payload = client.start(three(1)).prepare()?.to_json()?;
    let fill = format!(
        "INSERT INTO sagaflow_outbox (kind, saga, instance, payload, key) \
         SELECT 'start', 'three', 'relayed-' || n, $1, 'key-' || n FROM generate_series(1, {ROWS}) n"
    );
    sqlx::query(AssertSqlSafe(fill)).bind(payload).execute(pool).await?;
    let (begun, before) = (Instant::now(), cpu::here());
    let rows = Relay::new(database, client).hand_over().await?;
    if rows != ROWS {
        return Err(format!("{rows} of {ROWS} rows were handed over").into());
    }
    let row_us = each(cpu::here() - before, rows);
    print(&Line::Relay { rows, rows_per_s: per_second(rows, begun.elapsed()), row_us });
    Ok(())
}

/// Instances that are there already become rows.
async fn projector(pool: &PgPool, database: &Database<Postgres>) -> Result<(), Failed> {
    let client = Client::new(sagaflow::connect("embedded:").await?);
    let starts =
        stream::iter(0..ROWS).map(|number| client.start(three(number)).id(format!("projected-{number}")).into_future());
    starts.buffer_unordered(64).try_collect::<Vec<_>>().await?;
    let (begun, before) = (Instant::now(), cpu::here());
    let running = Projector::new(client, database).transitions(true).spawn();
    until(pool, "SELECT count(*) FROM sagaflow_instances", ROWS).await?;
    let row_us = each(cpu::here() - before, ROWS);
    print(&Line::Projector { rows: ROWS, rows_per_s: per_second(ROWS, begun.elapsed()), row_us });
    running.shutdown().await;
    reset(pool).await
}

/// The sagas' own rate without a projector and with one, in turns.
async fn beside(
    place: impl AsyncFn(Kind) -> Result<Place, Failed>,
    pool: &PgPool,
    database: &Database<Postgres>,
    sagas: u64,
    at_once: u16,
) -> Result<(), Failed> {
    let (mut alone, mut beside, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut used_alone, mut used) = ([Duration::ZERO; 3], [Duration::ZERO; 3]);
    let spend = |used: &mut [Duration; 3], before: [Duration; 3]| {
        used.iter_mut().zip(all_now()).zip(before).for_each(|((sum, now), before)| *sum += now.saturating_sub(before));
    };
    for _ in 0..TURNS {
        let bare = place(Kind::Nats).await?;
        let before = all_now();
        let without = per_second(sagas, throughput::measure(&bare, sagas, at_once, Meter { server: None }).await?.time);
        spend(&mut used_alone, before);
        bare.close().await?;
        let watched = place(Kind::Nats).await?;
        let before = all_now();
        let running = Projector::new(Client::new(watched.transport.clone()), database).spawn();
        let with = per_second(sagas, throughput::measure(&watched, sagas, at_once, Meter { server: None }).await?.time);
        spend(&mut used, before);
        running.shutdown().await;
        watched.close().await?;
        reset(pool).await?;
        alone.push(without);
        beside.push(with);
        ratios.push(with / without);
    }
    print(&Line::Projected {
        sagas_per_s_alone: median(alone),
        sagas_per_s: median(beside),
        ratio: round(median(ratios)),
        saga_us_alone: used_alone.map(|used| each(used, sagas * TURNS as u64)),
        saga_us: used.map(|used| each(used, sagas * TURNS as u64)),
    });
    Ok(())
}

async fn reset(pool: &PgPool) -> Result<(), Failed> {
    let statements = "TRUNCATE sagaflow_instances, sagaflow_transitions, sagaflow_projection";
    sqlx::raw_sql(statements).execute(pool).await?;
    Ok(())
}

async fn until(pool: &PgPool, count: &'static str, rows: u64) -> Result<(), Failed> {
    let begun = Instant::now();
    loop {
        let found: i64 = sqlx::query_scalar(count).fetch_one(pool).await?;
        if found.unsigned_abs() >= rows {
            return Ok(());
        }
        if begun.elapsed() > Duration::from_secs(120) {
            return Err(format!("{found} of {rows} rows within two minutes").into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// In microseconds, for each of so many.
fn each(used: Duration, count: u64) -> f64 {
    (used.as_secs_f64() * 1e7 / count as f64).round() / 10.0
}

/// To two places.
fn round(ratio: f64) -> f64 {
    (ratio * 100.0).round() / 100.0
}
