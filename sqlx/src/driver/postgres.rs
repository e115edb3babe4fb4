//! PostgreSQL. What a transactional step needs beside the user's statements costs no round trip of its own: the claim travels with
//! `BEGIN`, the output with `COMMIT`.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use futures::future::BoxFuture;
use sqlx::postgres::PgListener;
use sqlx::{AssertSqlSafe, Pool, Postgres, Row as _};

use tokio::time::{sleep, timeout};

use super::sealed::{CommitError, Dialect, Driver};
use super::{Arg, Claim, Wake, statements};
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
        claim: &'a Claim<'a>,
    ) -> BoxFuture<'a, Result<(Held<Self>, bool), sqlx::Error>> {
        Box::pin(async move {
            // Not `pool.begin_with`, which tells nothing of what comes after `BEGIN`.
            let mut held = Held::bare(pool.acquire().await?);
            let Claim { table, key, started, part, step } = claim;
            let (key, step, begin) = (literal(key), literal(step), begin(isolation));
            let script = format!(
                "{begin}; INSERT INTO {table} (key, started, part, step, state, open) \
                 VALUES ({key}, {started}, '{part}', {step}, 'open', 1) ON CONFLICT DO NOTHING"
            );
            let done = sqlx::raw_sql(AssertSqlSafe(script)).execute_many(held.connection());
            match done.try_collect::<Vec<_>>().await {
                Ok(done) => Ok((held, done.last().is_some_and(|insert| insert.rows_affected() == 1))),
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

    fn listen(pool: &Pool<Self>, channel: String) -> BoxFuture<'_, Result<Box<dyn Wake>, sqlx::Error>> {
        Box::pin(async move {
            let mut listener = PgListener::connect_with(pool).await?;
            listener.listen(&channel).await?;
            Ok(Box::new(Listening(listener)) as _)
        })
    }

    fn commit_claimed<'a>(
        mut held: Held<Self>,
        claim: &'a Claim<'a>,
        output: &'a str,
    ) -> BoxFuture<'a, Result<(), CommitError>> {
        Box::pin(async move {
            let Claim { table, key, started, part, .. } = claim;
            let (key, output) = (literal(key), literal(output));
            // Without the claim this divides by zero, and what comes after it is not executed.
            let script = format!(
                "WITH note AS (\
                   UPDATE {table} SET state = 'done', open = NULL, output = {output} \
                   WHERE key = {key} AND started = {started} AND part = '{part}' AND state = 'open' RETURNING 1\
                 ) SELECT 1 / count(*) FROM note; COMMIT"
            );
            let done = sqlx::raw_sql(AssertSqlSafe(script)).execute(held.connection()).await;
            match done {
                Ok(_) => {
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
