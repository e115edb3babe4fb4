//! The databases, and what differs between them. All else is written once, in SQL that both understand.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::sync::Arc;

use futures::future::BoxFuture;
use sqlx::{Database, Pool};

use crate::Isolation;
use crate::names::Names;
use crate::transaction::Held;

/// A database that sagaflow can write to: `Postgres` or `Sqlite`.
pub trait Driver: Database<Connection: Send> + sealed::Driver {}

impl<DB: sealed::Driver> Driver for DB {}

/// What a statement is given, or gives back: everything travels as text or as a whole number.
#[derive(Debug, Clone)]
pub enum Arg {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A text that isn't there.
    Null,
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Option<String>> for Arg {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// Waits for rows in the outbox.
pub trait Wake: Send {
    /// Returns when there may be some.
    fn wait(&mut self) -> BoxFuture<'_, ()>;
}

/// One row: all columns are selected as text.
pub type Row = Vec<Option<String>>;

/// A claim of the inbox, as the database is asked for it.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Where the table is.
    pub(crate) names: Arc<Names>,
    /// The key.
    pub key: String,
    /// When the instance was started, in microseconds.
    pub started: i64,
    /// `do` or `undo`.
    pub part: &'static str,
    /// The step's name.
    pub step: String,
}

pub(crate) mod sealed {
    use super::{Arc, Arg, BoxFuture, Claim, Database, Held, Isolation, Pool, Row, Wake};

    /// A transaction that has claimed a key, and what is noted under it already.
    pub(crate) type Claimed<DB> = (Held<DB>, Option<Row>);

    /// What differs between databases.
    pub trait Driver: Database + Sized {
        /// What is substituted in the statements.
        const DIALECT: Dialect;

        /// Executes a statement; returns how many rows it has changed.
        fn execute(
            connection: &mut Self::Connection,
            sql: Arc<str>,
            args: Vec<Arg>,
        ) -> BoxFuture<'_, Result<u64, sqlx::Error>>;

        /// Executes a statement and returns its rows.
        fn fetch(
            connection: &mut Self::Connection,
            sql: Arc<str>,
            args: Vec<Arg>,
        ) -> BoxFuture<'_, Result<Vec<Row>, sqlx::Error>>;

        /// Executes statements that take nothing.
        fn script(connection: &mut Self::Connection, sql: String) -> BoxFuture<'_, Result<(), sqlx::Error>>;

        /// Begins a transaction that will write.
        fn begin(pool: &Pool<Self>, isolation: Isolation) -> BoxFuture<'_, Result<Held<Self>, sqlx::Error>>;

        /// Begins a transaction, and claims a key in it. As [`claim`](Self::claim), and no round trip more.
        fn begin_claimed<'a>(
            pool: &'a Pool<Self>,
            isolation: Isolation,
            claim: &'a Claim,
        ) -> BoxFuture<'a, Result<Claimed<Self>, sqlx::Error>>;

        /// Claims a key until the transaction ends; waits for whoever has claimed it before. Returns its note (the step, the
        /// state, the output), if there is one.
        fn claim<'a>(
            connection: &'a mut Self::Connection,
            claim: &'a Claim,
        ) -> BoxFuture<'a, Result<Option<Row>, sqlx::Error>>;

        /// Writes the note of a claim, if the transaction is still the one in which it was made.
        fn note<'a>(
            connection: &'a mut Self::Connection,
            claim: &'a Claim,
            state: &'static str,
            output: Option<&'a str>,
        ) -> BoxFuture<'a, Result<(), sqlx::Error>>;

        /// Sees to it that the database itself refuses to commit before the note is written. Whether it does; if not, another
        /// has written it.
        fn lock_door<'a>(
            connection: &'a mut Self::Connection,
            claim: &'a Claim,
        ) -> BoxFuture<'a, Result<bool, sqlx::Error>>;

        /// Listens for rows in the outbox.
        fn listen(pool: &Pool<Self>, channel: String) -> BoxFuture<'_, Result<Box<dyn Wake>, sqlx::Error>>;

        /// Writes the note of a claim, and commits. Nothing is committed if it can't be written.
        fn commit_claimed<'a>(
            held: Held<Self>,
            claim: &'a Claim,
            state: &'static str,
            output: Option<&'a str>,
        ) -> BoxFuture<'a, Result<(), CommitError>>;
    }

    /// What is substituted in the statements, by its name in braces.
    #[derive(Debug, Clone, Copy)]
    pub struct Dialect {
        /// How the database is called.
        pub name: &'static str,
        /// `{time}`: the type of a time.
        pub time: &'static str,
        /// `{serial}`: a number that grows with each row.
        pub serial: &'static str,
        /// `{json}`: the type of JSON that can be looked into.
        pub json: &'static str,
        /// `{now_ms}`: the database's clock, in milliseconds.
        pub now_ms: &'static str,
        /// `{skip_locked}`: leaves out the rows that others hold.
        pub skip_locked: &'static str,
        /// Whether there are schemas, and sessions that wait for notifications.
        pub is_server: bool,
    }

    impl Dialect {
        /// A time as it is written in a statement. In both forms the texts are in the order of the times.
        pub fn time(&self, time: jiff::Timestamp) -> String {
            if self.is_server {
                format!("{time:.6}")
            } else {
                // As `CURRENT_TIMESTAMP` writes it, but for the milliseconds.
                jiff::fmt::strtime::format("%Y-%m-%d %H:%M:%S%.3f", time).unwrap_or_else(|_| time.to_string())
            }
        }
    }

    /// Why a transaction was not committed, or may not have been.
    #[derive(Debug)]
    pub enum CommitError {
        /// It was rolled back.
        RolledBack(sqlx::Error),
        /// No answer came to the commit: nobody knows.
        Unknown(sqlx::Error),
    }
}

pub(crate) use sealed::{Claimed, CommitError, Dialect};

/// Inserts the note of a claim as one that is open, which the database refuses to commit. Whether there was none.
async fn open_note<DB: sealed::Driver>(connection: &mut DB::Connection, claim: &Claim) -> Result<bool, sqlx::Error> {
    let Claim { names, key, started, part, step } = claim;
    let sql = format!(
        "INSERT INTO {} (key, started, part, step, state, open) VALUES ($1, $2, $3, $4, 'open', 1) ON CONFLICT DO NOTHING",
        names.table("inbox")
    );
    let args = vec![key.as_str().into(), (*started).into(), (*part).into(), step.as_str().into()];
    Ok(DB::execute(connection, sql.into(), args).await? == 1)
}

/// Executes a query with text and whole numbers for arguments.
macro_rules! statements {
    ($database:ty) => {
        fn execute(
            connection: &mut Self::Connection,
            sql: Arc<str>,
            args: Vec<Arg>,
        ) -> BoxFuture<'_, Result<u64, sqlx::Error>> {
            Box::pin(async move {
                let query = args.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, arg| match arg {
                    Arg::Text(text) => query.bind(text),
                    Arg::Int(number) => query.bind(number),
                    Arg::Null => query.bind(None::<String>),
                });
                Ok(query.execute(connection).await?.rows_affected())
            })
        }

        fn fetch(
            connection: &mut Self::Connection,
            sql: Arc<str>,
            args: Vec<Arg>,
        ) -> BoxFuture<'_, Result<Vec<super::Row>, sqlx::Error>> {
            Box::pin(async move {
                let query = args.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, arg| match arg {
                    Arg::Text(text) => query.bind(text),
                    Arg::Int(number) => query.bind(number),
                    Arg::Null => query.bind(None::<String>),
                });
                let rows = query.fetch_all(connection).await?;
                rows.iter().map(|row| (0..row.len()).map(|column| row.try_get(column)).collect()).collect()
            })
        }

        fn script(connection: &mut Self::Connection, sql: String) -> BoxFuture<'_, Result<(), sqlx::Error>> {
            Box::pin(async move { sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop) })
        }
    };
}
pub(crate) use statements;
