//! The chores of this repository: `cargo xtask test`, `cargo xtask bench`.

mod bench;
mod nats;
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
    /// Prints the path of a nats-server that is new enough, after installing one under `target/` if need be.
    NatsServer,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Test(options) => test::run(&options),
        Chore::Bench(options) => bench::run(&options),
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
