//! The first process: makes the databases, has others work, and audits.

use std::path::Path;
use std::time::{Duration, Instant};

use sagaflow_tests::Postgres;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use crate::audit;
use crate::chaos::{self, Killed};
use crate::domain::{FEES, OPENING};
use crate::ledger::TABLES;
use crate::options::{Arguments, Work};

/// Whatever goes wrong here ends the program.
pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Runs it all. Whether the books are right.
///
/// # Errors
///
/// When something can't be started.
pub(crate) async fn run(arguments: &Arguments) -> Result<bool, Failed> {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    println!("seed {seed}");
    let directory = tempfile::tempdir()?;
    let mut server = None;
    let (left, right) = match arguments.database.as_str() {
        "sqlite" => {
            let file = |name: &str| format!("sqlite:{}", directory.path().join(name).display());
            (file("left.db"), file("right.db"))
        }
        url => {
            let url = match url {
                "postgres" => server.insert(Postgres::start(true)?).url(),
                url => url.to_owned(),
            };
            (database(&url, "left", seed).await?, database(&url, "right", seed).await?)
        }
    };
    for url in [&left, &right] {
        prepare(url, arguments.accounts).await?;
    }
    let transport = match arguments.transport.as_str() {
        "embedded" => format!("embedded:{}", directory.path().join("records").display()),
        url => url.to_owned(),
    };
    let (processes, in_each) =
        if transport.starts_with("nats") { (arguments.workers, 1) } else { (1, arguments.workers) };
    let (transfers, accounts) = (arguments.transfers, arguments.accounts);
    let (left_url, right_url) = (left.clone(), right.clone());
    let work = Work { transport, left, right, workers: in_each, transfers, accounts, seed, drive: false };
    let begun = Instant::now();
    let kills = if arguments.chaos { arguments.kills } else { 0 };
    let Killed { said, workers, servers } = chaos::work(&work, processes, kills, server.as_mut()).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let rate = f64::from(transfers) / seconds;
    println!(
        "{transfers} transfers in {seconds:.1} s ({rate:.0}/s); {workers} processes killed, the database crashed {servers} times"
    );
    println!("{said}");
    audit::audit(&left_url, &right_url, &said, transfers, accounts).await
}

/// Makes a database of its own for one side.
async fn database(url: &str, side: &str, seed: u64) -> Result<String, Failed> {
    let name = format!("bank_{seed}_{side}");
    let admin = PgPool::connect(url).await?;
    for statement in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&admin).await?;
    }
    admin.close().await;
    let (server, _) = url.rsplit_once('/').ok_or("the URL names no database: `postgres://user@host/postgres`")?;
    Ok(format!("{server}/{name}"))
}

/// Makes the tables, and opens the accounts. Every tenth account is closed for credits.
async fn prepare(url: &str, accounts: u32) -> Result<(), Failed> {
    let open = format!(
        "INSERT INTO accounts (number, balance, most, closed) VALUES ({FEES}, 0, 0, 0){}",
        (1..=accounts)
            .map(|number| format!(", ({number}, {OPENING}, {}, {})", OPENING / 4, u32::from(number % 10 == 0)))
            .collect::<String>()
    );
    if url.starts_with("postgres") {
        let pool = PgPool::connect(url).await?;
        sagaflow_sqlx::migrate(&pool).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("{TABLES}{open}"))).execute(&pool).await?;
        pool.close().await;
    } else {
        let pool = sqlite_pool(url).await?;
        sagaflow_sqlx::migrate(&pool).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("{TABLES}{open}"))).execute(&pool).await?;
        pool.close().await;
    }
    Ok(())
}

/// A pool on a file of SQLite that waits for its turn to write, and syncs what it commits.
///
/// # Errors
///
/// When the file can't be opened.
pub(crate) async fn sqlite_pool(url: &str) -> Result<SqlitePool, Failed> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let options = SqliteConnectOptions::new()
        .filename(Path::new(path))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(10));
    Ok(SqlitePoolOptions::new()
        .max_connections(8)
        .acquire_timeout(Duration::from_secs(60))
        .connect_with(options)
        .await?)
}
