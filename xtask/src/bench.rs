//! `cargo xtask bench`: builds the benchmark with optimizations and runs it, beside a nats-server of its own.

use std::process::{ExitCode, Stdio};

use clap::Args;

use crate::server::Server;
use crate::{nats, workspace};

/// What to measure: handed on to the benchmark.
#[derive(Debug, Args)]
pub(crate) struct Options {
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
    let trouble = |error: std::io::Error| format!("cargo can't be run: {error}");
    let build = ["build", "--release", "--package", "sagaflow-bench"];
    if !workspace::cargo().args(build).stdin(Stdio::null()).status().map_err(trouble)?.success() {
        return Err("the benchmark does not compile".to_owned());
    }
    let scratch = workspace::target().join("bench-data");
    let server = Server::start(&nats::find()?, &scratch.join("nats"))?;
    let status = workspace::cargo()
        .args(["run", "--quiet", "--release", "--package", "sagaflow-bench", "--", "--nats", &server.url()])
        .arg("--directory")
        .arg(scratch.join("embedded"))
        .args(&options.arguments)
        .stdin(Stdio::null())
        .status()
        .map_err(trouble)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
