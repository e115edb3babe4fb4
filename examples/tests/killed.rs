//! The examples are killed in the middle, again and again, and started again: the checkout's ledger and outcomes agree, the
//! bank's books are right, the warehouse packs nothing twice, and each line is imported once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sagaflow_tests::{NatsServer, Postgres};

/// After so many effects in the journal the program is killed.
const KILLS: [usize; 3] = [200, 900, 2_000];

#[test]
fn a_checkout_killed_on_a_directory_goes_on_where_it_stopped() {
    let directory = tempfile::tempdir().expect("a directory");
    let transport = format!("embedded:{}", directory.path().join("data").display());
    kill_and_finish(&transport);
}

#[tokio::test]
async fn a_checkout_killed_over_nats_goes_on_where_it_stopped() {
    let server = NatsServer::start().await;
    let transport = server.url();
    tokio::task::spawn_blocking(move || kill_and_finish(&transport)).await.expect("it ends");
}

/// The ledger in a file of SQLite, and in PostgreSQL: transactional steps, audited from SQL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_on_a_file_of_sqlite_goes_on_where_it_stopped() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str| directory.path().join(name).display().to_string();
    let pool = sqlx::SqlitePool::connect_lazy(&format!("sqlite:{}", file("shop.db"))).expect("a URL");
    let notes = async || {
        let notes = sqlx::query_scalar("SELECT count(*) FROM sagaflow_inbox").fetch_one(&pool).await;
        notes.unwrap_or(0_i64)
    };
    checkout_on_database(&format!("embedded:{}", file("data")), &format!("sqlite:{}", file("shop.db")), notes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_on_postgres_over_nats_goes_on_where_it_stopped() {
    let (server, database) = (NatsServer::start().await, Postgres::start(false).expect("a PostgreSQL"));
    database.create_database("shop").expect("a database");
    let url = database.url_of("shop");
    let pool = sqlx::PgPool::connect_lazy(&url).expect("a URL");
    let notes = async || {
        let notes = sqlx::query_scalar("SELECT count(*) FROM sagaflow_inbox").fetch_one(&pool).await;
        notes.unwrap_or(0_i64)
    };
    checkout_on_database(&server.url(), &url, notes).await;
    pool.close().await;
}

async fn checkout_on_database(transport: &str, database: &str, notes: impl AsyncFn() -> i64) {
    let program = tokio::task::spawn_blocking(|| built("checkout")).await.expect("it is built");
    let command = || {
        let mut command = tokio::process::Command::new(&program);
        command.args(["--transport", transport, "--json", "--database", database]).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    for most in [200, 900, 2_000] {
        let mut process = command().spawn().expect("the example starts");
        let deadline = Instant::now() + Duration::from_secs(120);
        while notes().await < most {
            assert!(Instant::now() < deadline, "only {} notes in two minutes", notes().await);
            assert!(process.try_wait().expect("its status").is_none(), "it ended before {most} notes");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        process.kill().await.expect("killed");
    }
    let killed = figures(&command().output().await.expect("the example runs"));
    assert_eq!((killed["completed"].as_u64(), killed["stuck"].as_u64()), (Some(905), Some(0)), "{killed}");
    assert_eq!((killed["compensated"].as_u64(), killed["failed"].as_u64()), (Some(73), Some(22)), "{killed}");
}

#[test]
fn a_bank_on_two_files_whose_process_is_killed_has_right_books() {
    bank(&["--transfers", "600", "--kills", "6", "--seed", "7"]);
}

#[tokio::test]
async fn a_bank_on_a_server_that_crashes_over_nats_has_right_books() {
    let server = NatsServer::start().await;
    let transport = server.url();
    let run = move || {
        bank(&[
            "--database",
            "postgres",
            "--transport",
            &transport,
            "--transfers",
            "200",
            "--kills",
            "8",
            "--seed",
            "8",
        ]);
    };
    tokio::task::spawn_blocking(run).await.expect("it ends");
}

/// A process that packs is killed in the middle of the step, and the next one goes on from what it has saved.
#[test]
fn a_warehouse_killed_on_a_directory_packs_nothing_twice() {
    let stdout = killed_three_times("warehouse", &[]);
    let goes_on = |line: &&str| line.contains("packing goes on at item ") && !line.ends_with(" 1 of 120");
    assert!(stdout.lines().filter(goes_on).count() >= 3, "{stdout}");
    assert!(stdout.contains("shipped: 120 items in 5 boxes to Grace"), "{stdout}");
}

#[tokio::test]
async fn a_warehouse_killed_over_nats_packs_nothing_twice() {
    let server = NatsServer::start().await;
    let transport = server.url();
    let run = move || killed_three_times("warehouse", &["--transport", &transport]);
    let stdout = tokio::task::spawn_blocking(run).await.expect("it ends");
    assert!(stdout.contains("shipped: 120 items in 5 boxes to Grace"), "{stdout}");
}

/// A process that imports is killed in the middle of the file, and the next one goes on from there.
#[test]
fn an_import_killed_on_a_directory_imports_each_line_once() {
    let stdout = killed_three_times("import", &["--lines", "1500", "--line-ms", "2"]);
    assert!(stdout.contains("1471 lines imported, 29 rejected"), "{stdout}");
}

#[tokio::test]
async fn an_import_killed_over_nats_imports_each_line_once() {
    let server = NatsServer::start().await;
    let transport = server.url();
    let run = move || killed_three_times("import", &["--lines", "1500", "--line-ms", "2", "--transport", &transport]);
    let stdout = tokio::task::spawn_blocking(run).await.expect("it ends");
    assert!(stdout.contains("1471 lines imported, 29 rejected"), "{stdout}");
}

/// What an example says that kills its own process, and audits in the end.
fn killed_three_times(example: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(built(example));
    let output = command.args(["--kills", "3"]).args(arguments).stdin(Stdio::null()).output().expect("it runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && stdout.contains("things were done, each once"), "{stdout}{stderr}");
    assert_eq!(stdout.matches("-- killed, ").count(), 3, "{stdout}{stderr}");
    stdout.into_owned()
}

fn bank(arguments: &[&str]) {
    let output =
        Command::new(built("bank")).arg("--chaos").args(arguments).stdin(Stdio::null()).output().expect("it runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && stdout.contains("the books are right"), "{stdout}{stderr}");
    assert!(!stdout.contains("; 0 processes killed"), "nobody was killed: {stdout}");
}

fn kill_and_finish(transport: &str) {
    let program = built("checkout");
    let directory = tempfile::tempdir().expect("a directory");
    let journal = directory.path().join("ledger.jsonl");
    let command = || {
        let mut command = Command::new(&program);
        command.args(["--transport", transport, "--json", "--gateway-ms", "5", "--ledger"]).arg(&journal);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };

    for effects in KILLS {
        let mut process = command().spawn().expect("the example starts");
        wait_for(effects, &journal);
        assert!(process.try_wait().expect("its status").is_none(), "it ended before {effects} effects");
        process.kill().expect("killed");
        process.wait().expect("dead");
    }
    let killed = figures(&command().output().expect("the example runs"));
    assert_eq!((killed["completed"].as_u64(), killed["stuck"].as_u64()), (Some(905), Some(0)), "{killed}");
    assert_eq!((killed["compensated"].as_u64(), killed["failed"].as_u64()), (Some(73), Some(22)), "{killed}");
}

/// The figures of a run that ended well; its audit has passed, or its exit status would say so.
fn figures(output: &Output) -> serde_json::Value {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    assert!(stdout.contains("audit: the ledger and the outcomes agree"), "{stdout}");
    serde_json::from_str(stdout.lines().last().expect("a line")).expect("the last line is JSON")
}

fn wait_for(effects: usize, journal: &Path) {
    let deadline = Instant::now() + Duration::from_secs(120);
    let lines = || fs::read(journal).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count());
    while lines() < effects {
        assert!(Instant::now() < deadline, "only {} effects in two minutes", lines());
        thread::sleep(Duration::from_millis(2));
    }
}

/// Builds the example as the tests were built, so that there is next to nothing to do, and yields its path.
fn built(example: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What cargo tells this test of its package is no matter of the build: ring's build script would run anew, and all that depends on it.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || name.to_string_lossy().starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    let output = command
        .args(["build", "--workspace", "--all-features", "--example", example, "--message-format", "json"])
        .stdin(Stdio::null())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8_lossy(&output.stdout);
    let messages = stdout.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let executables = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    executables.reduce(|_, last| last).expect("cargo names the executable")
}
