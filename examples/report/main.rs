//! A nightly report: a saga that a schedule starts again and again, and that knows what the report before has come to.
//!
//! `cargo run --example report` makes five of them, two seconds apart; `-- --when "0 3 * * *" --zone Europe/Berlin` waits for the night, and
//! `--transport nats://127.0.0.1:4222` lets several of these programs share the work: there is one report for each time.

#[cfg(test)]
mod proofs;
mod saga;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;
use sagaflow::prelude::*;
use sagaflow::{CatchUp, Overlap};
use sagaflow_examples::{Failed, quiet_logs};

use crate::saga::{Shop, report};

/// Makes a report again and again.
#[derive(Debug, Parser)]
struct Options {
    /// When: a crontab expression, or an interval such as `@every 2s`.
    #[arg(long, default_value = "@every 2s")]
    when: String,
    /// The time zone of the expression.
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// After so many reports it ends, and removes its schedule.
    #[arg(long, default_value_t = 5)]
    reports: u64,
    /// Where records are kept.
    #[arg(long, default_value = "embedded:")]
    transport: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    quiet_logs();
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Failed> {
    let transport = sagaflow::connect(&options.transport).await?;
    let opened = Timestamp::now();
    let shop = Shop {
        // Three orders in a second.
        orders: Box::new(move |until| 3 * u64::try_from(until.duration_since(opened).as_secs()).unwrap_or(0)),
        post: Box::new(|text| println!("{text}")),
    };
    let worker = Worker::builder(transport.clone()).serve::<report>().serve_schedules().provide(shop).build()?.spawn();
    let client = Client::new(transport);
    let nightly = client.schedule(options.when, report("Ada".to_owned())).id("nightly").zone(options.zone);
    let nightly = nightly.overlap(Overlap::Queue).catch_up(CatchUp::Last).await?;
    for next in nightly.status().await?.next {
        println!("at {next}");
    }
    loop {
        let status = nightly.status().await?;
        if status.started >= options.reports && !status.runs {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    nightly.remove().await?;
    worker.shutdown().await?;
    Ok(())
}
