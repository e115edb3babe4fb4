//! A database for one test, and attempts of steps on it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use sagaflow::definition::{AttemptError, AttemptOutput};
use sagaflow::record::Value;
use sagaflow::transaction::{StepTransaction, TransactionBody, TransactionCall, TransactionEnd, TransactionError};
use sagaflow_sqlx::driver::Driver;
use sagaflow_sqlx::{Database, Transaction};
use sagaflow_tests::Postgres;
use sagaflow_tests::postgres::VARIABLE;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgPool, SqlitePool};
use tempfile::TempDir;
use tokio::sync::Notify;

/// The table that the tests' steps write to, one row per effect. `rival` is what conflicts are made with.
const TABLES: &str =
    "CREATE TABLE effects (name TEXT NOT NULL); CREATE TABLE rival (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);
    INSERT INTO rival (id, n) VALUES (1, 0), (2, 0);";

/// A database of PostgreSQL, dropped with the stage.
pub(crate) struct PostgresStage {
    pub(crate) pool: PgPool,
    name: String,
}

/// A file of SQLite.
pub(crate) struct SqliteStage {
    pub(crate) pool: SqlitePool,
    pub(crate) directory: TempDir,
}

/// The server that the variable names; without it, one of this program's own, which ends with it.
pub(crate) fn server() -> PgConnectOptions {
    static OWN: LazyLock<Postgres> = LazyLock::new(|| Postgres::start(false).unwrap_or_else(|error| panic!("{error}")));
    let url = std::env::var(VARIABLE).unwrap_or_else(|_| OWN.url());
    url.parse().expect("a URL of PostgreSQL")
}

impl PostgresStage {
    pub(crate) async fn empty() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("sagaflow_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let admin = PgPool::connect_with(server()).await.expect("the server");
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&admin).await.expect("a database of its own");
        admin.close().await;
        let pool = PgPoolOptions::new().max_connections(12).acquire_timeout(Duration::from_secs(20));
        let pool = pool.connect_with(server().database(&name)).await.expect("its database");
        Self { pool, name }
    }

    pub(crate) async fn new() -> Self {
        let stage = Self::empty().await;
        sagaflow_sqlx::migrate(&stage.pool).await.expect("the tables");
        sqlx::raw_sql(TABLES).execute(&stage.pool).await.expect("the tests' tables");
        stage
    }

    /// For another process.
    pub(crate) fn url(&self) -> String {
        server().database(&self.name).to_url_lossy().to_string()
    }

    /// A pool of so many connections, and not much patience.
    pub(crate) async fn small_pool(&self, connections: u32, patience: Duration) -> PgPool {
        let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(patience);
        pool.connect_with(server().database(&self.name)).await.expect("a connection")
    }

    /// A user who may do nothing with the tables.
    pub(crate) async fn powerless(&self) -> PgPool {
        let role = format!("{}_powerless", self.name);
        let create = AssertSqlSafe(format!("CREATE ROLE {role} LOGIN"));
        sqlx::raw_sql(create).execute(&self.pool).await.expect("a role");
        PgPool::connect_with(server().database(&self.name).username(&role)).await.expect("a connection")
    }

    pub(crate) async fn end(self) {
        self.pool.close().await;
        let admin = PgPool::connect_with(server()).await.expect("the server");
        let drop =
            AssertSqlSafe(format!("DROP DATABASE {0} WITH (FORCE); DROP ROLE IF EXISTS {0}_powerless", self.name));
        for statement in drop.0.split(';') {
            sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&admin).await.expect("dropping the database");
        }
    }
}

impl SqliteStage {
    pub(crate) async fn empty() -> Self {
        let directory = TempDir::new().expect("a directory");
        let pool = SqlitePoolOptions::new().max_connections(12);
        let pool = pool.connect_with(Self::options(&directory)).await.expect("a file");
        Self { pool, directory }
    }

    pub(crate) fn options(directory: &TempDir) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(directory.path().join("test.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::from_secs(20))
    }

    pub(crate) async fn new() -> Self {
        let stage = Self::empty().await;
        sagaflow_sqlx::migrate(&stage.pool).await.expect("the tables");
        sqlx::raw_sql(TABLES).execute(&stage.pool).await.expect("the tests' tables");
        stage
    }

    /// For another process.
    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.directory.path().join("test.db").display())
    }

    /// A pool of so many connections, and not much patience.
    pub(crate) async fn small_pool(&self, connections: u32, patience: Duration) -> SqlitePool {
        let pool = SqlitePoolOptions::new().max_connections(connections).acquire_timeout(patience);
        pool.connect_with(Self::options(&self.directory)).await.expect("a connection")
    }

    /// A user who may do nothing with the tables.
    pub(crate) async fn powerless(&self) -> SqlitePool {
        SqlitePool::connect_with(Self::options(&self.directory).read_only(true)).await.expect("a connection")
    }

    pub(crate) async fn end(self) {
        self.pool.close().await;
    }
}

/// When all instances of these tests were started.
pub(crate) static STARTED: LazyLock<Timestamp> = LazyLock::new(Timestamp::now);

pub(crate) fn forward(key: &str) -> TransactionCall<'_> {
    TransactionCall::new("pay", Some(key), *STARTED, false)
}

pub(crate) fn backward(key: &str) -> TransactionCall<'_> {
    TransactionCall::new("give_back", Some(key), *STARTED, true)
}

/// What a body does in the transaction.
pub(crate) type Doing = Result<Result<&'static str, (&'static str, bool)>, sqlx::Error>;

/// Makes one attempt with this body, which is counted.
pub(crate) async fn attempt<DB: Driver>(
    database: &Database<DB>,
    call: TransactionCall<'_>,
    runs: &AtomicU32,
    body: impl for<'t> Fn(&'t mut Transaction<DB>) -> BoxFuture<'t, Doing> + Send + Sync,
) -> Result<TransactionEnd, TransactionError> {
    let run: &TransactionBody<'_, Transaction<DB>> = &|tx| {
        runs.fetch_add(1, Ordering::SeqCst);
        let done = body(tx);
        Box::pin(async move {
            Ok(match done.await {
                Ok(Ok(value)) => output(&Ok(value.to_owned()), None),
                Ok(Err((error, terminal))) => output(&Err(error.to_owned()), Some(terminal)),
                Err(error) => output(&Err(error.to_string()), Some(true)),
            })
        })
    };
    Transaction::<DB>::attempt(database, call, run).await
}

fn output(output: &Result<String, String>, terminal: Option<bool>) -> AttemptOutput {
    let error = terminal.zip(output.as_ref().err());
    let error = error.map(|(terminal, text)| AttemptError { text: text.clone(), terminal, retry_after: None });
    AttemptOutput { output: Value::write(output).expect("it is JSON"), error }
}

/// What came of an attempt, in short.
pub(crate) fn short(end: Result<TransactionEnd, TransactionError>) -> String {
    match end {
        Ok(TransactionEnd::Ran(output)) => match output.error {
            None => format!("ran {}", output.output.as_json()),
            Some(error) => format!("failed {} terminal: {}", error.text, error.terminal),
        },
        Ok(TransactionEnd::Stored(output)) => format!("stored {}", output.as_json()),
        Ok(TransactionEnd::NothingToUndo) => "nothing".to_owned(),
        Err(TransactionError::Retry(text)) => format!("retry: {text}"),
        Err(TransactionError::Misuse(text)) => format!("misuse: {text}"),
        Err(other) => format!("{other:?}"),
    }
}

/// A place where a body waits until the test lets it go on.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    reached: Arc<Notify>,
    open: Arc<Notify>,
}

impl Gate {
    pub(crate) async fn pass(&self) {
        self.reached.notify_one();
        self.open.notified().await;
    }

    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    pub(crate) fn open(&self) {
        self.open.notify_one();
    }
}

/// Waits until something is so, which others bring about.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How many effects of a name there are.
macro_rules! effects {
    ($stage:expr, $name:expr) => {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM effects WHERE name = $1")
            .bind($name)
            .fetch_one(&$stage.pool)
            .await
            .expect("the effects")
    };
}
pub(crate) use effects;

/// A body that writes one effect and returns a value.
macro_rules! write {
    ($name:expr) => {
        |tx| {
            Box::pin(async move {
                sqlx::query("INSERT INTO effects (name) VALUES ($1)").bind($name).execute(&mut *tx).await?;
                Ok(Ok($name))
            })
        }
    };
}
pub(crate) use write;
