//! `cargo xtask bench`: builds the benchmark with optimizations and runs it, beside a nats-server of its own. With
//! `--compile`: measures the compiler instead.

use std::process::{ExitCode, Stdio};

use clap::Args;

use crate::postgres::Postgres;
use crate::server::Server;
use crate::{compile, nats, workspace};

/// What to measure: handed on to the benchmark.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Measures how long `cargo check` takes instead: for sagas, and for the same plain async functions.
    #[arg(long)]
    compile: bool,
    /// Measures the user's database instead, on a PostgreSQL of its own (or the one that `SAGAFLOW_POSTGRES` names).
    #[arg(long, conflicts_with = "compile")]
    database: bool,
    /// How often each of them is compiled.
    #[arg(long, value_name = "N", default_value_t = 5, requires = "compile", value_parser = clap::value_parser!(u8).range(1..))]
    turns: u8,
    /// Arguments of the benchmark, such as `--only latency --transport nats` (`--help` lists them).
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

/// Builds, runs, and cleans up.
///
/// # Errors
///
/// When the server can't be had, or cargo can't be run.
pub(crate) fn run(options: &Options) -> Result<ExitCode, String> {
    if options.compile {
        return compile::run(usize::from(options.turns));
    }
    let trouble = |error: std::io::Error| format!("cargo can't be run: {error}");
    let build = ["build", "--release", "--package", "sagaflow-bench"];
    if !workspace::cargo().args(build).stdin(Stdio::null()).status().map_err(trouble)?.success() {
        return Err("the benchmark does not compile".to_owned());
    }
    let scratch = workspace::target().join("bench-data");
    let binary = nats::find()?;
    let server = Server::start(&binary, &scratch.join("nats"), false)?;
    let always = Server::start(&binary, &scratch.join("nats-always"), true)?;
    let postgres = if options.database { Some(Postgres::find(true)?) } else { None };
    let database: Vec<String> = postgres.as_ref().map_or_else(Vec::new, |database| {
        ["--only", "database", "--database", &database.url()].map(str::to_owned).to_vec()
    });
    let status = workspace::cargo()
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "sagaflow-bench",
            "--",
            "--nats",
            &server.url(),
            "--nats-process",
            &server.id().to_string(),
            "--nats-always",
            &always.url(),
        ])
        .arg("--directory")
        .arg(scratch.join("embedded"))
        .args(&database)
        .args(&options.arguments)
        .stdin(Stdio::null())
        .status()
        .map_err(trouble)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
