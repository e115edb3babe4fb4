//! `cargo xtask chaos`: builds the chaos run, finds it a nats-server, and becomes it.

use std::os::unix::process::CommandExt;
use std::process::{ExitCode, Stdio};

use clap::Args;

use crate::{nats, workspace};

/// What to run: handed on.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// Options of the run, such as `--sagas 20000 --seed 7 --cluster` (`--help` lists them). With `--release` before
    /// them it is built with optimizations.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    arguments: Vec<String>,
}

/// Builds it, and runs it in the place of this process, so that what ends this one ends it.
///
/// # Errors
///
/// When it can't be built or run, or there is no server for it.
pub(crate) fn run(options: &Options) -> Result<ExitCode, String> {
    let trouble = |error: std::io::Error| format!("cargo can't be run: {error}");
    let (release, arguments) = match options.arguments.split_first() {
        Some((first, rest)) if first == "--release" => (&["--release"][..], rest),
        _ => (&[][..], &options.arguments[..]),
    };
    let package = ["--quiet", "--package", "sagaflow-chaos"];
    let mut build = workspace::cargo();
    build.arg("build").args(package).args(release).stdin(Stdio::null());
    if !build.status().map_err(trouble)?.success() {
        return Err("the chaos run does not compile".to_owned());
    }
    let mut command = workspace::cargo();
    command.arg("run").args(package).args(release).arg("--").args(arguments).stdin(Stdio::null());
    if !arguments.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h")) {
        command.env(nats::VARIABLE, nats::find()?);
    }
    Err(trouble(command.exec()))
}
