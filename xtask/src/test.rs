//! `cargo xtask test`: all checks, one after the other, and one line at the end.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use clap::{Args, ValueEnum};

use crate::postgres::{self, Postgres};
use crate::tally::{Reader, Tally};
use crate::{nats, workspace};

/// What to run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Runs these parts only.
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,
    /// Runs only the tests whose names contain this (and no other part, unless asked for).
    filter: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// rustfmt
    Fmt,
    /// clippy, with warnings as errors
    Clippy,
    /// all tests, documentation tests included
    Test,
    /// rustdoc, with warnings as errors
    Doc,
}

impl Options {
    fn parts(&self) -> Vec<Part> {
        match (&self.filter, self.only.as_slice()) {
            (Some(_), []) => vec![Part::Test],
            (None, []) => Part::value_variants().to_vec(),
            (_, only) => Part::value_variants().iter().copied().filter(|part| only.contains(part)).collect(),
        }
    }
}

/// Runs the checks; goes on after failures.
///
/// # Errors
///
/// When cargo itself can't be run.
pub(crate) fn run(options: &Options) -> Result<ExitCode, String> {
    let mut tally = Tally::default();
    for part in options.parts() {
        tally.add(match part {
            Part::Fmt => check("rustfmt", cargo("fmt", ["--all", "--check"]))?,
            Part::Clippy => {
                let all = ["--workspace", "--all-targets", "--all-features", "--", "--deny", "warnings"];
                check("clippy", cargo("clippy", all))?
            }
            Part::Test => tests(options.filter.as_deref())?,
            Part::Doc => {
                let mut doc = cargo("doc", ["--workspace", "--all-features", "--no-deps"]);
                check("rustdoc", doc.env("RUSTDOCFLAGS", "--deny warnings"))?
            }
        });
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    Ok(if tally.failed == 0 && tally.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A check that passes or fails as a whole.
fn check(name: &str, mut command: impl std::borrow::BorrowMut<Command>) -> Result<Tally, String> {
    headline(name);
    let status = command.borrow_mut().stdin(Stdio::null()).status();
    let status = status.map_err(|error| format!("cargo can't be run: {error}"))?;
    if !status.success() {
        eprintln!("{name} failed");
    }
    Ok(Tally::one(status.success()))
}

/// All tests; the tests that need a server find it in [`nats::VARIABLE`], those that need a database in [`postgres::VARIABLE`].
fn tests(filter: Option<&str>) -> Result<Tally, String> {
    headline("tests");
    let server = match nats::find() {
        Ok(server) => server,
        Err(error) => {
            eprintln!("error: {error}");
            return Ok(Tally::one(false));
        }
    };
    let database = match Postgres::find(false) {
        Ok(database) => database,
        Err(error) => {
            eprintln!("error: {error}");
            return Ok(Tally::one(false));
        }
    };
    println!("nats-server: {}\nPostgreSQL: {}", server.display(), database.url());
    stream(&mut test_command(&server, &database.url(), filter))
}

fn test_command(server: &Path, database: &str, filter: Option<&str>) -> Command {
    let mut command = cargo("test", ["--workspace", "--all-features", "--no-fail-fast"]);
    command.args(filter).env(nats::VARIABLE, server).env(postgres::VARIABLE, database);
    // Tests are the same where somebody works and where nobody does: `lock!` makes no file.
    command.env("CI", "true");
    command
}

/// Runs `cargo test`, passing its output on and counting.
fn stream(command: &mut Command) -> Result<Tally, String> {
    let failed = |error: io::Error| format!("cargo can't be run: {error}");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut reader = Reader::default();
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).map_err(failed)? > 0 {
            let mut out = io::stdout().lock();
            out.write_all(&line).and_then(|()| out.flush()).map_err(failed)?;
            reader.line(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }
    let status = child.wait().map_err(failed)?;
    Ok(reader.finish(status.success()))
}

fn cargo<I: AsRef<OsStr>>(subcommand: &str, arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = workspace::cargo();
    command.arg(subcommand).args(arguments);
    command
}

fn headline(name: &str) {
    println!("== {name}");
}
