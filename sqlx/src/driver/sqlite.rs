//! SQLite. There is one writer at a time; a transaction says at its beginning that it will write, and waits for its turn.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::{AssertSqlSafe, Pool, Row as _, Sqlite};

use tokio::time::sleep;

use super::sealed::{CommitError, Dialect, Driver};
use super::{Arg, Claim, Wake, statements};
use crate::Isolation;
use crate::transaction::Held;

/// How often the outbox is looked at: nobody tells of what another process has written.
const OFTEN: Duration = Duration::from_millis(50);

struct Polling;

impl Wake for Polling {
    fn wait(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(sleep(OFTEN))
    }
}

impl Driver for Sqlite {
    const DIALECT: Dialect = Dialect {
        name: "SQLite",
        time: "TEXT",
        serial: "INTEGER PRIMARY KEY AUTOINCREMENT",
        json: "TEXT",
        now_ms: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
        skip_locked: "",
        is_server: false,
    };

    statements!(Sqlite);

    fn begin(pool: &Pool<Self>, _: Isolation) -> BoxFuture<'_, Result<Held<Self>, sqlx::Error>> {
        Box::pin(async move { pool.begin_with("BEGIN IMMEDIATE").await.map(Held::Tracked) })
    }

    fn begin_claimed<'a>(
        pool: &'a Pool<Self>,
        isolation: Isolation,
        claim: &'a Claim<'a>,
    ) -> BoxFuture<'a, Result<(Held<Self>, bool), sqlx::Error>> {
        Box::pin(async move {
            let mut held = Self::begin(pool, isolation).await?;
            let Claim { table, key, started, part, step } = *claim;
            let sql = format!(
                "INSERT INTO {table} (key, started, part, step, state, open) \
                 VALUES ($1, $2, $3, $4, 'open', 1) ON CONFLICT DO NOTHING"
            );
            let args = vec![key.into(), started.into(), part.into(), step.into()];
            let claimed = Self::execute(held.connection(), sql.into(), args).await? == 1;
            Ok((held, claimed))
        })
    }

    fn listen(_: &Pool<Self>, _: String) -> BoxFuture<'_, Result<Box<dyn Wake>, sqlx::Error>> {
        Box::pin(async { Ok(Box::new(Polling) as _) })
    }

    fn commit_claimed<'a>(
        mut held: Held<Self>,
        claim: &'a Claim<'a>,
        output: &'a str,
    ) -> BoxFuture<'a, Result<(), CommitError>> {
        Box::pin(async move {
            let Claim { table, key, started, part, .. } = *claim;
            let sql = format!(
                "UPDATE {table} SET state = 'done', open = NULL, output = $1 \
                 WHERE key = $2 AND started = $3 AND part = $4 AND state = 'open'"
            );
            let args = vec![output.into(), key.into(), started.into(), part.into()];
            let error = match Self::execute(held.connection(), sql.into(), args).await {
                Ok(1) => return held.commit().await.map_err(CommitError::RolledBack),
                Ok(_) => sqlx::Error::RowNotFound,
                Err(error) => error,
            };
            let _ = held.rollback().await;
            Err(CommitError::RolledBack(error))
        })
    }
}
