//! Faults of every kind against sagaflow over NATS, and an audit of what comes of it: `cargo xtask chaos`.
//!
//! Read in this order: `options`; `shape`, `sagas` and `oracle` (what is run, and what must come of it); `run` (the
//! course of a run), with `servers`, `proxy`, `worker`, `fleet`, `client` and `faults`; `capture`, `effects` and `evidence` (what is
//! seen of it); `audit` (what to think of that); `report`. `guard` cleans up, whatever happens; `lag` tells
//! faults of the machine from others.

mod audit;
mod capture;
mod client;
mod effects;
mod evidence;
mod faults;
mod fleet;
mod guard;
mod lag;
mod options;
mod oracle;
mod progress;
mod proxy;
mod report;
mod run;
mod sagas;
mod servers;
mod shape;
mod worker;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What anything here may fail with.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Runs sagas over NATS through faults of every kind, and audits what comes of it.
///
/// Starts nats-servers and worker processes of its own, kills, stops, cuts and stalls them while a client starts
/// instances, and checks afterwards, from what the servers stored and what the workers executed, that nothing was lost,
/// nothing happened twice, and all in order. The last line on standard output is JSON; the exit status is 1 if anything
/// was wrong. How many faults there are grows with the number of instances, unless it is given.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask chaos", bin_name = "cargo xtask chaos", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    options: options::Options,
    #[command(subcommand)]
    part: Option<Part>,
}

// The other processes of a run are this program, too. (Not a documentation comment: that would be the help text.)
#[derive(Debug, Subcommand)]
enum Part {
    /// A worker process of a run
    #[command(hide = true)]
    Worker(worker::Orders),
    /// What cleans up behind a run
    #[command(hide = true)]
    Guard(guard::Orders),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.part {
        Some(Part::Guard(orders)) => {
            guard::run(&orders);
            Ok(ExitCode::SUCCESS)
        }
        Some(Part::Worker(orders)) => in_runtime(worker::run(orders)),
        None => in_runtime(run::run(arguments.options)),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

fn in_runtime(part: impl Future<Output = Result<ExitCode, Failed>>) -> Result<ExitCode, Failed> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(part)
}
