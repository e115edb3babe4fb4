//! What only PostgreSQL does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use sagaflow_sqlx::{Database, Isolation, Postgres};

use sqlx::PgPool;

use super::Stage;
use crate::support::{attempt, effects, forward, short, write};

/// Two that read what the other one writes: one of them is refused with 40001, and runs again.
#[tokio::test]
async fn serialization_failures_are_tried_again_at_once() {
    let stage = Stage::new().await;
    let database = Database::<Postgres>::builder(stage.pool.clone()).isolation(Isolation::Serializable);
    let database = database.open().await.unwrap();
    let (runs, meet) = (AtomicU32::new(0), Arc::new(tokio::sync::Barrier::new(2)));
    let skew = |key: &'static str, read: i32, written: i32| {
        let (database, runs, meet) = (&database, &runs, meet.clone());
        async move {
            let first = AtomicBool::new(true);
            let body = attempt(database, forward(key), runs, |tx| {
                let meet = meet.clone();
                let again = !first.swap(false, Ordering::SeqCst);
                Box::pin(async move {
                    let n: i32 =
                        sqlx::query_scalar("SELECT n FROM rival WHERE id = $1").bind(read).fetch_one(&mut *tx).await?;
                    if !again {
                        meet.wait().await;
                    }
                    let update = sqlx::query("UPDATE rival SET n = $1 WHERE id = $2").bind(n + 1).bind(written);
                    update.execute(&mut *tx).await?;
                    Ok(Ok("done"))
                })
            });
            short(body.await)
        }
    };
    let (a, b) = tokio::join!(skew("a", 1, 2), skew("b", 2, 1));
    assert_eq!((&*a, &*b), (r#"ran {"Ok":"done"}"#, r#"ran {"Ok":"done"}"#));
    assert_eq!(runs.load(Ordering::SeqCst), 3, "one of them has run twice");
    // As if one had come after the other.
    let mut n: Vec<i32> = sqlx::query_scalar("SELECT n FROM rival").fetch_all(&stage.pool).await.unwrap();
    n.sort_unstable();
    assert_eq!(n, [1, 2]);
    stage.end().await;
}

/// Each holds what the other one wants: the server ends one of them with 40P01, and it runs again.
#[tokio::test]
async fn deadlocks_are_tried_again_at_once() {
    let stage = Stage::new().await;
    let database = Database::<Postgres>::open(stage.pool.clone()).await.unwrap();
    let (runs, meet) = (AtomicU32::new(0), Arc::new(tokio::sync::Barrier::new(2)));
    let crossed = |key: &'static str, ids: [i32; 2]| {
        let (database, runs, meet) = (&database, &runs, meet.clone());
        async move {
            let first = AtomicBool::new(true);
            let body = attempt(database, forward(key), runs, |tx| {
                let meet = meet.clone();
                let again = !first.swap(false, Ordering::SeqCst);
                Box::pin(async move {
                    for (nth, id) in ids.into_iter().enumerate() {
                        sqlx::query("UPDATE rival SET n = n + 1 WHERE id = $1").bind(id).execute(&mut *tx).await?;
                        if !again && nth == 0 {
                            meet.wait().await;
                        }
                    }
                    Ok(Ok("done"))
                })
            });
            short(body.await)
        }
    };
    let (a, b) = tokio::join!(crossed("a", [1, 2]), crossed("b", [2, 1]));
    assert_eq!((&*a, &*b), (r#"ran {"Ok":"done"}"#, r#"ran {"Ok":"done"}"#));
    assert_eq!(runs.load(Ordering::SeqCst), 3, "one of them has run twice");
    let n: Vec<i32> = sqlx::query_scalar("SELECT n FROM rival").fetch_all(&stage.pool).await.unwrap();
    assert_eq!(n, [2, 2]);
    stage.end().await;
}

#[tokio::test]
async fn a_step_that_looks_away_from_a_failed_statement() {
    let stage = Stage::new().await;
    let database = Database::<Postgres>::open(stage.pool.clone()).await.unwrap();
    let runs = AtomicU32::new(0);
    let end = attempt(&database, forward("k"), &runs, |tx| {
        Box::pin(async move {
            sqlx::query("INSERT INTO effects (name) VALUES ('lost')").execute(&mut *tx).await?;
            let _ = sqlx::query("INSERT INTO effects (name) VALUES (NULL)").execute(&mut *tx).await;
            Ok(Ok("done"))
        })
    });
    let said = short(end.await);
    assert!(said.starts_with("retry: step `pay` has returned `Ok`, but one of its statements had failed"), "{said}");
    assert_eq!(effects!(stage, "lost"), 0);
    stage.end().await;
}

async fn kill(pool: &PgPool, pid: i32) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_terminate_backend($1)").bind(pid).execute(pool).await.map(drop)
}

/// The connection is lost in the middle of a step, and between its last statement and the commit.
#[tokio::test]
async fn a_lost_connection_is_no_lost_effect() {
    let stage = Stage::new().await;
    let database = Database::<Postgres>::open(stage.pool.clone()).await.unwrap();
    let runs = AtomicU32::new(0);
    // In the middle: its error is to be tried again, whatever the step takes it for.
    let end = attempt(&database, forward("middle"), &runs, |tx| {
        let pool = stage.pool.clone();
        Box::pin(async move {
            let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *tx).await?;
            kill(&pool, pid).await?;
            sqlx::query("INSERT INTO effects (name) VALUES ('paid')").execute(&mut *tx).await?;
            Ok(Ok("never"))
        })
    });
    let said = short(end.await);
    assert!(said.starts_with("failed") && said.ends_with("terminal: false"), "{said}");
    // Before the commit: nobody knows whether it was made, so it is asked again, and the step runs once more.
    let end = attempt(&database, forward("end"), &runs, |tx| {
        let first = runs.load(Ordering::SeqCst) == 2;
        let pool = stage.pool.clone();
        Box::pin(async move {
            let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *tx).await?;
            sqlx::query("INSERT INTO effects (name) VALUES ('paid')").execute(&mut *tx).await?;
            if first {
                kill(&pool, pid).await?;
            }
            Ok(Ok("done"))
        })
    });
    assert_eq!(short(end.await), r#"ran {"Ok":"done"}"#);
    assert_eq!((runs.load(Ordering::SeqCst), effects!(stage, "paid")), (3, 1));
    assert_eq!(short(attempt(&database, forward("end"), &runs, write!("paid")).await), r#"stored {"Ok":"done"}"#);
    stage.end().await;
}

#[tokio::test]
async fn tables_in_a_schema_of_their_own() {
    let stage = Stage::new().await;
    let builder = Database::<Postgres>::builder(stage.pool.clone()).schema("sagas").prefix("s_");
    builder.migrate().await.unwrap();
    let database = builder.open().await.unwrap();
    let runs = AtomicU32::new(0);
    let end = attempt(&database, forward("it's \\ a 'key'"), &runs, write!("paid"));
    assert_eq!(short(end.await), r#"ran {"Ok":"paid"}"#);
    let key: String = sqlx::query_scalar("SELECT key FROM sagas.s_inbox").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(key, "it's \\ a 'key'");
    stage.end().await;
}

/// Whatever the second sees of the first, only one of them is committed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_every_isolation_a_crowd_has_one_effect() {
    let stage = Stage::new().await;
    for isolation in [Isolation::Default, Isolation::RepeatableRead, Isolation::Serializable] {
        let database = Database::<Postgres>::builder(stage.pool.clone()).isolation(isolation).conflicts(50);
        let (database, runs) = (database.open().await.unwrap(), AtomicU32::new(0));
        let key = format!("{isolation:?}");
        let crowd = (0..6).map(|_| attempt(&database, forward(&key), &runs, write!("paid")));
        let ends: Vec<_> = futures::future::join_all(crowd).await.into_iter().map(short).collect();
        assert_eq!(ends.iter().filter(|end| *end == r#"ran {"Ok":"paid"}"#).count(), 1, "{ends:?}");
        assert_eq!(ends.iter().filter(|end| *end == r#"stored {"Ok":"paid"}"#).count(), 5, "{ends:?}");
    }
    assert_eq!(effects!(stage, "paid"), 3);
    stage.end().await;
}

/// Before version 3 of the tables the claim was an open note. A worker of then takes no lock, and is at it.
#[tokio::test]
async fn a_worker_of_the_version_before_is_at_it() {
    let stage = Stage::new().await;
    let database = Database::<Postgres>::open(stage.pool.clone()).await.unwrap();
    let mut older = stage.pool.begin().await.unwrap();
    let started = forward("k").started.as_microsecond();
    let claim =
        "INSERT INTO sagaflow_inbox (key, started, part, step, state, open) VALUES ('k', $1, 'do', 'pay', 'open', 1)";
    sqlx::query(claim).bind(started).execute(&mut *older).await.unwrap();
    let runs = AtomicU32::new(0);
    let mut waits = std::pin::pin!(attempt(&database, forward("k"), &runs, write!("twice")));
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut waits).await;
    assert!(early.is_err(), "it did not wait");
    let note = r#"UPDATE sagaflow_inbox SET state = 'done', open = NULL, output = '{"Ok":"by the older"}'"#;
    sqlx::query(note).execute(&mut *older).await.unwrap();
    older.commit().await.unwrap();
    assert_eq!(short(waits.await), r#"stored {"Ok":"by the older"}"#);
    assert_eq!(effects!(stage, "twice"), 0);
    stage.end().await;
}

/// A savepoint made before the connection is asked for is no way around: rolled back to it, a commit by hand is refused all the same.
#[tokio::test]
async fn a_commit_by_hand_behind_a_savepoint() {
    let stage = Stage::new().await;
    let (database, runs) = (Database::<Postgres>::open(stage.pool.clone()).await.unwrap(), AtomicU32::new(0));
    let end = attempt(&database, forward("k"), &runs, |tx| {
        Box::pin(async move {
            sqlx::query("savepoint part").execute(&mut *tx).await?;
            let by_hand = "ROLLBACK TO part; INSERT INTO effects (name) VALUES ('half')";
            let connection = tx.connection().await?;
            sqlx::raw_sql(by_hand).execute(&mut *connection).await?;
            let _ = sqlx::raw_sql("COMMIT").execute(connection).await;
            Ok(Ok("done"))
        })
    });
    let said = short(end.await);
    assert!(said.contains("by hand"), "{said}");
    assert_eq!(effects!(stage, "half"), 0, "{said}");
    stage.end().await;
}

/// The connection itself in a step whose key another takes meanwhile: as any conflict.
#[tokio::test]
async fn the_connection_itself_when_another_was_faster() {
    let stage = Stage::new().await;
    let database = Database::<Postgres>::open(stage.pool.clone()).await.unwrap();
    let started = forward("k").started.as_microsecond();
    let (pool, runs) = (stage.pool.clone(), AtomicU32::new(0));
    let end = attempt(&database, forward("k"), &runs, |tx| {
        let pool = pool.clone();
        Box::pin(async move {
            let note = r#"INSERT INTO sagaflow_inbox (key, started, part, step, state, output)
                VALUES ('k', $1, 'do', 'pay', 'done', '{"Ok":"by the other"}')"#;
            sqlx::query(note).bind(started).execute(&pool).await?;
            let update = sqlx::raw_sql("INSERT INTO effects (name) VALUES ('twice')");
            update.execute(tx.connection().await?).await?;
            Ok(Ok("mine"))
        })
    });
    assert_eq!(short(end.await), r#"stored {"Ok":"by the other"}"#);
    assert_eq!(effects!(stage, "twice"), 0);
    stage.end().await;
}
