//! The chores of this repository: `cargo xtask test`, `cargo xtask bench`, `cargo xtask chaos`.

mod bench;
mod chaos;
mod compile;
mod differential;
mod nats;
mod postgres;
mod server;
mod tally;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Checks the formatting, the lints, all tests and the documentation; ends with one line `N passed, M failed`.
    Test(test::Options),
    /// Builds the benchmark and runs it, with a nats-server of its own; prints a JSON line per measure.
    Bench(bench::Options),
    /// Runs sagas over NATS through faults of every kind, and audits what comes of it; the last line is JSON.
    Chaos(chaos::Options),
    /// Compares random sagas with the plain async functions that they are written as; reports what differs, shrunk.
    Differential(differential::Options),
    /// Prints the path of a nats-server that is new enough, after installing one under `target/` if need be.
    NatsServer,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Test(options) => test::run(&options),
        Chore::Bench(options) => bench::run(&options),
        Chore::Chaos(options) => chaos::run(&options),
        Chore::Differential(options) => differential::run(&options),
        Chore::NatsServer => nats::find().map(|path| {
            println!("{}", path.display());
            ExitCode::SUCCESS
        }),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
