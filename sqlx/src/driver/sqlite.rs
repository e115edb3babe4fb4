//! SQLite. There is one writer at a time; a transaction says at its beginning that it will write, and waits for its turn.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::{AssertSqlSafe, Pool, Row as _, Sqlite};

use tokio::time::sleep;

use super::sealed::{Claimed, CommitError, Dialect, Driver};
use super::{Arg, Claim, Row, Wake, open_note, statements};
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
        claim: &'a Claim,
    ) -> BoxFuture<'a, Result<Claimed<Self>, sqlx::Error>> {
        Box::pin(async move {
            let mut held = Self::begin(pool, isolation).await?;
            let noted = Self::claim(held.connection(), claim).await?;
            Ok((held, noted))
        })
    }

    /// A row that is open is the claim: the database refuses to commit it.
    fn claim<'a>(
        connection: &'a mut Self::Connection,
        claim: &'a Claim,
    ) -> BoxFuture<'a, Result<Option<Row>, sqlx::Error>> {
        Box::pin(async move {
            if open_note::<Self>(connection, claim).await? {
                return Ok(None);
            }
            let Claim { names, key, started, part, .. } = claim;
            let select = format!(
                "SELECT step, state, output FROM {} WHERE key = $1 AND started = $2 AND part = $3",
                names.table("inbox")
            );
            let args = vec![key.as_str().into(), (*started).into(), (*part).into()];
            Ok(Self::fetch(connection, select.into(), args).await?.into_iter().next())
        })
    }

    fn note<'a>(
        connection: &'a mut Self::Connection,
        claim: &'a Claim,
        state: &'static str,
        output: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(async move {
            let Claim { names, key, started, part, .. } = claim;
            let sql = format!(
                "UPDATE {} SET state = '{state}', open = NULL, output = $1 \
                 WHERE key = $2 AND started = $3 AND part = $4 AND state = 'open'",
                names.table("inbox")
            );
            let output = output.map(str::to_owned);
            let args = vec![output.into(), key.as_str().into(), (*started).into(), (*part).into()];
            match Self::execute(connection, sql.into(), args).await? {
                1 => Ok(()),
                _ => Err(sqlx::Error::RowNotFound),
            }
        })
    }

    /// The claim does it.
    fn lock_door<'a>(_: &'a mut Self::Connection, _: &'a Claim) -> BoxFuture<'a, Result<bool, sqlx::Error>> {
        Box::pin(async { Ok(true) })
    }

    fn listen(_: &Pool<Self>, _: String) -> BoxFuture<'_, Result<Box<dyn Wake>, sqlx::Error>> {
        Box::pin(async { Ok(Box::new(Polling) as _) })
    }

    fn commit_claimed<'a>(
        mut held: Held<Self>,
        claim: &'a Claim,
        state: &'static str,
        output: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(), CommitError>> {
        Box::pin(async move {
            if let Err(error) = Self::note(held.connection(), claim, state, output).await {
                let _ = held.rollback().await;
                return Err(CommitError::RolledBack(error));
            }
            held.commit().await.map_err(CommitError::RolledBack)
        })
    }
}
