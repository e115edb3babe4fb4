//! A bank with two databases: transfers between accounts in both of them, with fees and limits, as sagas whose steps are
//! transactions. At the end an audit: each figure from SQL.
//!
//! ```text
//! cargo run --example bank                                            # two SQLite files, no server at all
//! cargo run --example bank -- --database postgres --transfers 2000 --chaos    # starts a PostgreSQL, and crashes it meanwhile
//! cargo run --example bank -- --database postgres://me@host/postgres --transport nats://host:4222 --workers 4
//! ```
//!
//! With `--chaos`, the processes that work are killed (`kill -9`) again and again, and a PostgreSQL that was started here is
//! crashed and started again. What one process was at when it was killed, the next one takes up.

mod audit;
mod chaos;
mod domain;
mod ledger;
mod options;
mod parent;
#[cfg(test)]
mod proofs;
mod worker;

use std::process::ExitCode;

use clap::Parser;
use options::{Arguments, Role};

#[tokio::main]
async fn main() -> ExitCode {
    // What fails in the chaos is told only when asked for (`RUST_LOG=warn`).
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let done = match &arguments.role {
        None => parent::run(&arguments).await,
        Some(Role::Work(work)) => worker::run(work).await.map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
