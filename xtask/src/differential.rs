//! `cargo xtask differential`: builds the comparison of sagas with plain functions, and runs it.

use std::process::ExitCode;

use clap::Args;

use crate::workspace;

/// What is handed on.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// `--programs N`, `--seed S`, `--batch B`, `--show`, `--no-shrink`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, String> {
    let mut command = workspace::cargo();
    command.args(["run", "--quiet", "-p", "sagaflow-differential", "--"]).args(&options.options);
    let status = command.status().map_err(|error| format!("cargo can't be run: {error}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
