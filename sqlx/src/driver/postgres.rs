//! PostgreSQL. What a transactional step needs beside the user's statements costs no round trip of its own: the claim travels with
//! `BEGIN`, the output with `COMMIT`.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::postgres::PgListener;
use sqlx::{AssertSqlSafe, PgConnection, Pool, Postgres, Row as _};

use tokio::time::{sleep, timeout};

use super::sealed::{Claimed, CommitError, Dialect, Driver};
use super::{Arg, Claim, Row, Wake, open_note, statements};
use crate::Isolation;
use crate::error::{Answer, answer};
use crate::transaction::Held;

impl Driver for Postgres {
    const DIALECT: Dialect = Dialect {
        name: "PostgreSQL",
        time: "TIMESTAMPTZ",
        serial: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        json: "JSONB",
        now_ms: "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
        skip_locked: "FOR UPDATE SKIP LOCKED",
        is_server: true,
    };

    statements!(Postgres);

    fn begin(pool: &Pool<Self>, isolation: Isolation) -> BoxFuture<'_, Result<Held<Self>, sqlx::Error>> {
        Box::pin(async move { pool.begin_with(begin(isolation)).await.map(Held::Tracked) })
    }

    fn begin_claimed<'a>(
        pool: &'a Pool<Self>,
        isolation: Isolation,
        claim: &'a Claim,
    ) -> BoxFuture<'a, Result<Claimed<Self>, sqlx::Error>> {
        Box::pin(async move {
            // Not `pool.begin_with`, which tells nothing of what comes after `BEGIN`.
            let mut held = Held::bare(pool.acquire().await?);
            let script = format!("{}; {}", begin(isolation), claim_sql(claim));
            match noted(held.connection(), script).await {
                Ok(noted) => Ok((held, noted)),
                Err(error) => {
                    if answer(&error) != Answer::Gone {
                        // If this fails, the connection is closed, which does the same.
                        let _ = held.rollback().await;
                    }
                    Err(error)
                }
            }
        })
    }

    fn claim<'a>(
        connection: &'a mut Self::Connection,
        claim: &'a Claim,
    ) -> BoxFuture<'a, Result<Option<Row>, sqlx::Error>> {
        Box::pin(noted(connection, claim_sql(claim)))
    }

    fn note<'a>(
        connection: &'a mut Self::Connection,
        claim: &'a Claim,
        state: &'static str,
        output: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Self::script(connection, note_sql(claim, state, output))
    }

    fn lock_door<'a>(
        connection: &'a mut Self::Connection,
        claim: &'a Claim,
    ) -> BoxFuture<'a, Result<bool, sqlx::Error>> {
        Box::pin(open_note::<Self>(connection, claim))
    }

    fn listen(pool: &Pool<Self>, channel: String) -> BoxFuture<'_, Result<Box<dyn Wake>, sqlx::Error>> {
        Box::pin(async move {
            let mut listener = PgListener::connect_with(pool).await?;
            listener.listen(&channel).await?;
            Ok(Box::new(Listening(listener)) as _)
        })
    }

    fn commit_claimed<'a>(
        mut held: Held<Self>,
        claim: &'a Claim,
        state: &'static str,
        output: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(), CommitError>> {
        Box::pin(async move {
            // If the note can't be written, what comes after it is not executed.
            let script = format!("{}; COMMIT", note_sql(claim, state, output));
            let done = Self::script(held.connection(), script).await;
            match done {
                Ok(()) => {
                    held.ended();
                    Ok(())
                }
                Err(error) if answer(&error) == Answer::Gone => Err(CommitError::Unknown(error)),
                Err(error) => {
                    // If this fails, the connection is closed, which does the same.
                    let _ = held.rollback().await;
                    Err(CommitError::RolledBack(error))
                }
            }
        })
    }
}

/// So long it relies on being notified: rows that a dead relay has held come back without.
const AT_MOST: Duration = Duration::from_secs(1);

struct Listening(PgListener);

impl Wake for Listening {
    fn wait(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Ok(Err(error)) = timeout(AT_MOST, self.0.recv()).await {
                tracing::debug!(%error, "not listening to the outbox just now");
                sleep(AT_MOST).await;
            }
            // One look is enough for all that have come.
            while self.0.next_buffered().is_some() {}
        })
    }
}

fn begin(isolation: Isolation) -> &'static str {
    match isolation {
        Isolation::Default => "BEGIN",
        Isolation::RepeatableRead => "BEGIN ISOLATION LEVEL REPEATABLE READ",
        Isolation::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
    }
}

fn claim_sql(claim: &Claim) -> String {
    let Claim { names, key, started, part, .. } = claim;
    let key = literal(key);
    format!("SELECT {}({key}, {started}, '{part}')", names.table("claim"))
}

fn note_sql(claim: &Claim, state: &str, output: Option<&str>) -> String {
    let Claim { names, key, started, part, step } = claim;
    let (key, step, output) = (literal(key), literal(step), output.map_or_else(|| "NULL".to_owned(), literal));
    format!("SELECT {}({key}, {started}, '{part}', {step}, '{state}', {output})", names.table("note"))
}

/// Executes statements of which the last is a claim.
async fn noted(connection: &mut PgConnection, script: String) -> Result<Option<Row>, sqlx::Error> {
    let row = sqlx::raw_sql(AssertSqlSafe(script)).fetch_one(connection).await?;
    let noted: Option<String> = row.try_get(0)?;
    let read = |json: String| serde_json::from_str(&json).map_err(|error| sqlx::Error::Decode(error.into()));
    noted.map(read).transpose()
}

/// A text as a literal, whatever the server's settings. There is no zero byte in it: keys can't have one, and JSON escapes it.
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_literal_has_no_way_out() {
        assert_eq!(super::literal(r"a'b\'c"), r"E'a''b\\''c'");
    }
}
