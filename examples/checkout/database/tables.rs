//! The ledger in SQL: a row for each thing that there is. Nothing in it knows of idempotency keys: the transaction of a step is what
//! keeps a thing from being made twice.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use crate::domain::{Line, Money, Payment, PlacedOrder, User};
use crate::ledger::Thing;

/// `SERIAL` stands for a number that the database gives.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS users (id SERIAL, instance TEXT NOT NULL, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS lines (id SERIAL, instance TEXT NOT NULL, article TEXT NOT NULL, price BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (id SERIAL, instance TEXT NOT NULL, customer BIGINT NOT NULL, total BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS payments (id SERIAL, instance TEXT NOT NULL, placed BIGINT NOT NULL, amount BIGINT NOT NULL);";

/// How long a step waits for a connection, or for its turn to write.
const PATIENCE: Duration = Duration::from_secs(60);

/// The database that the ledger is in.
#[derive(Debug, Clone)]
pub(crate) enum Tables {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// The same words for both kinds.
macro_rules! on_both {
    ($tables:expr, $pool:ident => $what:expr) => {
        match $tables {
            Tables::Postgres($pool) => $what,
            Tables::Sqlite($pool) => $what,
        }
    };
}
impl Tables {
    /// Opens the database, and makes the tables if they are not there.
    ///
    /// # Errors
    ///
    /// When the URL is of neither kind, and what the database says.
    pub(crate) async fn open(url: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let tables = if url.starts_with("postgres") {
            let pool = PgPoolOptions::new().max_connections(20).acquire_timeout(PATIENCE);
            Self::Postgres(pool.connect(url).await?)
        } else if let Some(path) = url.strip_prefix("sqlite:") {
            let file = SqliteConnectOptions::new().filename(path).create_if_missing(true);
            let file = file.journal_mode(SqliteJournalMode::Wal).busy_timeout(PATIENCE);
            Self::Sqlite(
                SqlitePoolOptions::new().max_connections(8).acquire_timeout(PATIENCE).connect_with(file).await?,
            )
        } else {
            return Err(format!("`{url}` is neither `postgres://…` nor `sqlite:FILE`").into());
        };
        match &tables {
            Self::Postgres(pool) => {
                let serial = TABLES.replace("SERIAL", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
                // One process at a time, any number that is always the same.
                let script = format!("BEGIN; SELECT pg_advisory_xact_lock(1729); {serial} COMMIT");
                sqlx::raw_sql(AssertSqlSafe(script)).execute(pool).await?;
            }
            Self::Sqlite(pool) => {
                let serial = TABLES.replace("SERIAL", "INTEGER PRIMARY KEY AUTOINCREMENT");
                sqlx::raw_sql(AssertSqlSafe(format!("BEGIN IMMEDIATE; {serial} COMMIT"))).execute(pool).await?;
            }
        }
        on_both!(&tables, pool => sagaflow_sqlx::migrate(pool).await?);
        Ok(tables)
    }

    /// What there is, by the instance that has made it.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub(crate) async fn things(&self) -> Result<HashMap<String, Vec<Thing>>, sqlx::Error> {
        let number = i64::unsigned_abs;
        let mut things: HashMap<String, Vec<Thing>> = HashMap::new();
        let mut add = |instance: String, thing: Thing| things.entry(instance).or_default().push(thing);
        on_both!(self, pool => {
            let users = sqlx::query_as::<_, (String, i64, String)>("SELECT instance, id, name FROM users");
            for (instance, id, name) in users.fetch_all(pool).await? {
                add(instance, Thing::User(User { id: number(id), name }));
            }
            let lines = sqlx::query_as::<_, (String, i64, String, i64)>("SELECT instance, id, article, price FROM lines");
            for (instance, id, article, price) in lines.fetch_all(pool).await? {
                add(instance, Thing::Line(Line { id: number(id), article, price: Money(number(price)) }));
            }
            let orders = sqlx::query_as::<_, (String, i64, i64, i64)>("SELECT instance, id, customer, total FROM orders");
            for (instance, id, user, total) in orders.fetch_all(pool).await? {
                add(instance, Thing::Order(PlacedOrder { id: number(id), user: number(user), total: Money(number(total)) }));
            }
            let payments = sqlx::query_as::<_, (String, i64, i64, i64)>("SELECT instance, id, placed, amount FROM payments");
            for (instance, id, order, amount) in payments.fetch_all(pool).await? {
                add(instance, Thing::Payment(Payment { id: number(id), order: number(order), amount: Money(number(amount)) }));
            }
        });
        Ok(things)
    }

    /// Forgets everything.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub(crate) async fn clear(&self) -> Result<(), sqlx::Error> {
        let clear = "DELETE FROM users; DELETE FROM lines; DELETE FROM orders; DELETE FROM payments";
        on_both!(self, pool => sqlx::raw_sql(clear).execute(pool).await.map(drop))
    }
}
