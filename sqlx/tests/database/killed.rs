//! A process that is killed (SIGKILL) between a step's commit and the append that tells of it, again and again.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow_differential::crash::{Crash, Crashing};
use sagaflow_sqlx::{Database, Transaction};
use sqlx::Pool;

use super::{Db, Stage};
use crate::support::effects;

/// What a process is told by its parent: the records' directory, the database, and at which append it dies.
const RECORDS: &str = "SAGAFLOW_TEST_RECORDS";
const DATABASE: &str = "SAGAFLOW_TEST_DATABASE";
const DIES_AT: &str = "SAGAFLOW_TEST_DIES_AT";

/// So many steps each instance has, and so often the process is killed at least.
const STEPS: u32 = 12;
const KILLS: u32 = 12;

/// Writes its key; nothing but the transaction keeps it from doing so twice.
#[step(transaction)]
#[compensate(take_back(n))]
async fn write(#[inject] cx: &StepContext, tx: &mut Transaction<Db>, n: u32) -> Result<u32, Failure> {
    let effect = sqlx::query("INSERT INTO effects (name) VALUES ($1)").bind(cx.key().as_str());
    effect.execute(&mut *tx).await?;
    if n == STEPS { Err(Failure::new("that is one too many").terminal()) } else { Ok(n + 1) }
}

/// Writes that it has undone, and so often is counted, too.
#[step(transaction)]
async fn take_back(#[inject] cx: &StepContext, tx: &mut Transaction<Db>, n: u32) -> Result<(), Failure> {
    let effect = sqlx::query("INSERT INTO effects (name) VALUES ($1)").bind(format!("undo {n} {}", cx.key()));
    effect.execute(&mut *tx).await?;
    Ok(())
}

#[saga]
async fn many(most: u32) -> Result<u32, Failure> {
    let mut n = 0;
    while n < most {
        n = write(n).await?;
    }
    Ok(n)
}

/// The part of the process that is killed: works until the append, and dies there.
async fn work(records: &str, database: &str, dies_at: u64) {
    let pool = Pool::<Db>::connect(database).await.unwrap();
    let inner = connect(&format!("embedded:{records}")).await.unwrap();
    let transport = Arc::new(Crashing::new(inner.clone(), Crash::Before(dies_at)));
    let worker = Worker::builder(transport.clone()).serve::<many>().lost_limit(u32::MAX).concurrency(1);
    let worker = worker.provide(Database::<Db>::open(pool).await.unwrap()).build().unwrap().spawn();
    let client = Client::new(inner);
    let (good, bad) = (client.handle::<many>("good").unwrap(), client.handle::<many>("bad").unwrap());
    tokio::select! {
        () = transport.crashed() => {
            let id = std::process::id().to_string();
            Command::new("kill").args(["-KILL", &id]).status().unwrap();
            std::future::pending::<()>().await;
        }
        outcomes = async { (good.outcome().await.unwrap(), bad.outcome().await.unwrap()) } => {
            assert_eq!(outcomes.0.unwrap(), STEPS);
            assert!(outcomes.1.unwrap_err().to_string().contains("one too many"));
        }
    }
    worker.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_process_that_is_killed_between_commit_and_append() {
    let told = |name: &str| std::env::var(name).ok();
    if let (Some(records), Some(database), Some(dies_at)) = (told(RECORDS), told(DATABASE), told(DIES_AT)) {
        return work(&records, &database, dies_at.parse().unwrap()).await;
    }
    let stage = Stage::new().await;
    let directory = tempfile::TempDir::new().unwrap();
    let records = directory.path().display().to_string();
    let transport = connect(&format!("embedded:{records}")).await.unwrap();
    let client = Client::new(transport.clone());
    client.start(many(STEPS)).id("good").await.unwrap();
    client.start(many(STEPS + 1)).id("bad").await.unwrap();
    transport.close().await.unwrap();
    drop((client, transport));

    let seed = fastrand::u64(..1 << 32);
    println!("seed {seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut kills = 0;
    loop {
        let dies_at = chance.u64(1..=4).to_string();
        let name = module_path!().split_once("::").map_or("", |(_, module)| module);
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", &format!("{name}::a_process_that_is_killed_between_commit_and_append")]);
        child.envs([(RECORDS, &records), (DATABASE, &stage.url()), (DIES_AT, &dies_at)]);
        child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ended = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
        if ended.status.success() {
            let said = String::from_utf8_lossy(&ended.stdout).into_owned();
            assert!(said.contains("1 passed"), "{said}");
            break;
        }
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        let signal = std::os::unix::process::ExitStatusExt::signal(&ended.status);
        assert_eq!(signal, Some(9), "it was not killed, it has failed: {said}");
        kills += 1;
        assert!(kills < 400, "it does not come to its end");
        // Whoever has the locks of a connection that is gone lets go of them soon.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(kills >= KILLS, "killed {kills} times only");
    // Each step once, and each that was undone undone once.
    let sql = "SELECT name, count(*) FROM effects GROUP BY name HAVING count(*) > 1";
    let twice: Vec<(String, i64)> = sqlx::query_as(sql).fetch_all(&stage.pool).await.unwrap();
    assert_eq!(twice, [], "killed {kills} times");
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM effects").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(all, i64::from(STEPS) * 3, "killed {kills} times");
    assert_eq!(effects!(stage, "many/good/write/1"), 1);
    stage.end().await;
}
