//! Bad input: a named error each, and nothing half written.

use std::sync::atomic::AtomicU32;

use sagaflow_sqlx::{Database, ErrorKind};

use super::{Db, Stage};
use crate::support::{attempt, effects, forward, short, write};

#[tokio::test]
async fn a_step_that_commits_or_rolls_back_by_hand() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let runs = AtomicU32::new(0);
    for word in ["COMMIT", "ROLLBACK", "END", "BEGIN"] {
        let end = attempt(&database, forward("k"), &runs, |tx| {
            Box::pin(async move {
                sqlx::query("INSERT INTO effects (name) VALUES ('half')").execute(&mut *tx).await?;
                // It may well look away from the error.
                let _ = sqlx::raw_sql(word).execute(&mut *tx).await;
                Ok(Ok("done"))
            })
        });
        let said = short(end.await);
        assert!(
            said.starts_with("misuse: step `pay`: a step with `transaction` is committed when it returns"),
            "{said}"
        );
        assert!(said.contains(&format!("leave out the `{word}`")), "{said}");
    }
    // Through the connection itself nobody looks at the words; the database refuses, or finds it out.
    for statements in ["COMMIT", "ROLLBACK", "ROLLBACK; BEGIN; INSERT INTO effects (name) VALUES ('half')"] {
        let end = attempt(&database, forward("k"), &runs, |tx| {
            Box::pin(async move {
                sqlx::query("INSERT INTO effects (name) VALUES ('half')").execute(&mut *tx).await?;
                let _ = sqlx::raw_sql(statements).execute(tx.connection().await?).await;
                Ok(Ok("done"))
            })
        });
        let said = short(end.await);
        // After a commit that was refused, the transaction goes on in SQLite: then it is as if nothing had been said.
        assert!(
            said.contains("by hand") || said.contains("had failed") || said == r#"ran {"Ok":"done"}"#,
            "{statements}: {said}"
        );
        if said.starts_with("ran") {
            sqlx::raw_sql("DELETE FROM effects; DELETE FROM sagaflow_inbox").execute(&stage.pool).await.unwrap();
        }
        assert_eq!(effects!(stage, "half"), 0, "{statements}: {said}");
    }
    // Savepoints are its own.
    let end = attempt(&database, forward("k"), &runs, |tx| {
        Box::pin(async move {
            sqlx::query("SAVEPOINT part").execute(&mut *tx).await?;
            sqlx::query("INSERT INTO effects (name) VALUES ('half')").execute(&mut *tx).await?;
            sqlx::query("ROLLBACK TO part").execute(&mut *tx).await?;
            sqlx::query("INSERT INTO effects (name) VALUES ('whole')").execute(&mut *tx).await?;
            Ok(Ok("done"))
        })
    });
    assert_eq!(short(end.await), r#"ran {"Ok":"done"}"#);
    assert_eq!((effects!(stage, "half"), effects!(stage, "whole")), (0, 1));
    stage.end().await;
}

#[tokio::test]
async fn a_key_that_was_used_by_another_step() {
    let stage = Stage::new().await;
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    let runs = AtomicU32::new(0);
    attempt(&database, forward("k"), &runs, write!("paid")).await.unwrap();
    let mut other = forward("k");
    other.step = "ship";
    let said = short(attempt(&database, other, &runs, write!("shipped")).await);
    assert!(said.starts_with("misuse: step `ship` has the key `k`, under which step `pay` has been run"), "{said}");
    assert_eq!(effects!(stage, "shipped"), 0);
    stage.end().await;
}

#[tokio::test]
async fn an_output_too_large_for_the_row() {
    let stage = Stage::new().await;
    let database = Database::<Db>::builder(stage.pool.clone()).largest_output(10).open().await.unwrap();
    let said = short(attempt(&database, forward("k"), &AtomicU32::new(0), write!("far too much")).await);
    assert!(said.starts_with("misuse: step `pay` returns 21 bytes, and 10 is the most"), "{said}");
    assert_eq!(effects!(stage, "far too much"), 0);
    stage.end().await;
}

#[tokio::test]
async fn a_missing_migration() {
    let stage = Stage::empty().await;
    let error = Database::<Db>::open(stage.pool.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingMigration);
    assert!(
        error.to_string().starts_with("there is no table `sagaflow_migrations`: run `sagaflow_sqlx::migrate(&pool)`"),
        "{error}"
    );
    // One that goes missing later.
    sagaflow_sqlx::migrate(&stage.pool).await.unwrap();
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    sqlx::raw_sql("DROP TABLE sagaflow_inbox").execute(&stage.pool).await.unwrap();
    let said = short(attempt(&database, forward("k"), &AtomicU32::new(0), write!("paid")).await);
    assert!(said.starts_with("misuse: beginning step `pay`: the tables of sagaflow are not there"), "{said}");
    stage.end().await;
}

#[tokio::test]
async fn an_older_schema() {
    let stage = Stage::new().await;
    sqlx::raw_sql("DELETE FROM sagaflow_migrations WHERE version > 1").execute(&stage.pool).await.unwrap();
    let error = Database::<Db>::open(stage.pool.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OlderSchema);
    assert!(error.to_string().starts_with("the tables are of version 1, and 3 is needed"), "{error}");
    stage.end().await;
}

#[tokio::test]
async fn migrating_again_and_at_once_does_nothing() {
    let stage = Stage::empty().await;
    let all = (0..4).map(|_| sagaflow_sqlx::migrate(&stage.pool));
    futures::future::try_join_all(all).await.unwrap();
    let database = Database::<Db>::open(stage.pool.clone()).await.unwrap();
    sagaflow_sqlx::migrate(&stage.pool).await.unwrap();
    drop(database);
    stage.end().await;
}

#[tokio::test]
async fn migrations_that_another_tool_has_run() {
    let stage = Stage::empty().await;
    let builder = Database::<Db>::builder(stage.pool.clone()).prefix("ours_");
    for migration in builder.migrations().unwrap() {
        sqlx::raw_sql(sqlx::AssertSqlSafe(migration.sql)).execute(&stage.pool).await.unwrap();
    }
    let error = builder.clone().open().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingMigration);
    builder.migrate().await.unwrap();
    let database = builder.open().await.unwrap();
    sqlx::raw_sql("CREATE TABLE effects (name TEXT NOT NULL)").execute(&stage.pool).await.unwrap();
    assert_eq!(
        short(attempt(&database, forward("k"), &AtomicU32::new(0), write!("paid")).await),
        r#"ran {"Ok":"paid"}"#
    );
    stage.end().await;
}

#[tokio::test]
async fn a_database_without_permissions() {
    let stage = Stage::new().await;
    let powerless = stage.powerless().await;
    let error = Database::<Db>::open(powerless.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    powerless.close().await;
    stage.end().await;
}

#[tokio::test]
async fn a_name_that_cant_be_one() {
    let stage = Stage::empty().await;
    for prefix in ["", "Sagas", "a b", "1a", "a;", "a-very-long-name", &"a".repeat(31)] {
        let error = Database::<Db>::builder(stage.pool.clone()).prefix(prefix).open().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidName, "{prefix}");
        assert!(error.to_string().starts_with(&format!("`{prefix}` can't be a schema or a prefix")), "{error}");
    }
    stage.end().await;
}

/// All connections are in use: the attempt has failed, and goes well when there is one again.
#[tokio::test]
async fn a_pool_without_a_free_connection() {
    let stage = Stage::new().await;
    let pool = stage.small_pool(1, std::time::Duration::from_millis(50)).await;
    let database = Database::<Db>::open(pool.clone()).await.unwrap();
    let taken = pool.acquire().await.unwrap();
    let runs = AtomicU32::new(0);
    let said = short(attempt(&database, forward("k"), &runs, write!("paid")).await);
    assert!(said.starts_with("retry: beginning step `pay`: the database does not answer: pool timed out"), "{said}");
    drop(taken);
    // When the pool has it back.
    crate::support::until("there is a connection", async || pool.try_acquire().is_some()).await;
    assert_eq!(short(attempt(&database, forward("k"), &runs, write!("paid")).await), r#"ran {"Ok":"paid"}"#);
    pool.close().await;
    stage.end().await;
}
