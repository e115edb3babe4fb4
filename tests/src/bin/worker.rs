//! A worker for tests that need one in a process of its own. It ends by a signal, or when its input ends (its test is gone).

use std::io::{self, Read};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use sagaflow::prelude::*;
use sagaflow_tests::processes::{new, old, stay, tally};

#[derive(Parser)]
struct Options {
    /// Where to work.
    url: String,
    /// Which build it stands for.
    #[arg(long, default_value = "old")]
    build: Build,
    #[arg(long, default_value_t = 30_000)]
    ack_wait_ms: u64,
    #[arg(long, default_value_t = 64)]
    concurrency: usize,
    #[arg(long, default_value_t = 10_000)]
    grace_ms: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Build {
    Old,
    New,
}

#[tokio::main]
async fn main() -> Result<(), sagaflow::Error> {
    let options = Options::parse();
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).init();
    std::thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(3);
    });
    let builder = Worker::builder(sagaflow::connect(&options.url).await?)
        .serve::<stay>()
        .serve::<tally::tally>()
        .ack_wait(Duration::from_millis(options.ack_wait_ms))
        .concurrency(options.concurrency)
        .grace(Duration::from_millis(options.grace_ms))
        .hand_back(Duration::from_millis(100), 10_000);
    let builder = match options.build {
        Build::Old => builder.serve::<old::delivery>().serve::<old::pickup>(),
        Build::New => builder.serve::<new::delivery>().serve::<new::pickup>(),
    };
    builder.build()?.run_until_signal().await
}
