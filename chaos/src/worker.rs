//! A worker process: this program once more, with the subcommand `worker`.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use sagaflow::{ConnectOptions, Worker, connect_with};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::effects::Effects;
use crate::sagas::{World, climb, errand, tour};
use crate::{Failed, lag};

/// What a worker process is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct Orders {
    /// The proxies, with commas.
    #[arg(long)]
    pub(crate) url: String,
    #[arg(long)]
    pub(crate) prefix: String,
    #[arg(long)]
    pub(crate) shards: u16,
    #[arg(long)]
    pub(crate) replicas: u8,
    #[arg(long)]
    pub(crate) seed: u64,
    /// In milliseconds.
    #[arg(long)]
    pub(crate) ack_wait: u64,
    #[arg(long)]
    pub(crate) concurrency: usize,
    /// Where it notes what it executes.
    #[arg(long)]
    pub(crate) effects: PathBuf,
}

impl Orders {
    /// As arguments for a new process.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let Self { url, prefix, shards, replicas, seed, ack_wait, concurrency, effects } = self;
        [
            ("url", url.clone()),
            ("prefix", prefix.clone()),
            ("shards", shards.to_string()),
            ("replicas", replicas.to_string()),
            ("seed", seed.to_string()),
            ("ack-wait", ack_wait.to_string()),
            ("concurrency", concurrency.to_string()),
            ("effects", effects.display().to_string()),
        ]
        .into_iter()
        .flat_map(|(name, value)| [format!("--{name}"), value])
        .collect()
    }
}

/// How the parts of a run connect.
pub(crate) fn connect_options(prefix: &str, shards: u16, replicas: u8) -> ConnectOptions {
    let mut options = ConnectOptions::default();
    prefix.clone_into(&mut options.prefix);
    options.shards = shards;
    options.replicas = replicas;
    // A server may be down just now, for as long as an election takes and longer.
    options.connect_timeout = Duration::from_secs(120);
    options.sweep_every = Duration::from_secs(5);
    options
}

/// Runs until SIGTERM, or until the process that has started it is gone.
pub(crate) async fn run(orders: Orders) -> Result<ExitCode, Failed> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,async_nats=error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    end_with_parent();
    let mut told = signal(SignalKind::terminate())?;
    let ack_wait = Duration::from_millis(orders.ack_wait);
    let effects = Effects::create(&orders.effects)?;
    let late = Effects::open(&orders.effects)?;
    tokio::spawn(lag::watch(ack_wait, move |from, to| late.late(from, to)));
    let options = connect_options(&orders.prefix, orders.shards, orders.replicas);
    let transport = tokio::select! {
        connected = connect_with(&orders.url, options) => connected?,
        _ = told.recv() => return Ok(ExitCode::SUCCESS),
    };
    let worker = Worker::builder(transport.clone())
        .serve::<tour>()
        .serve::<climb>()
        .serve::<errand>()
        .provide(World { seed: orders.seed, ack_wait, effects })
        .concurrency(orders.concurrency)
        .ack_wait(ack_wait)
        .grace(ack_wait / 2)
        // That workers die here is not the steps' doing: no number of them is to make an attempt fail.
        .lost_limit(1_000_000)
        .build()?;
    worker.run_until(told.recv()).await?;
    // Fails when there is no server just now: what was not handed back comes again after the ack wait.
    if let Err(error) = transport.close().await {
        eprintln!("closing: {error}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The end of standard input is the end of the process that has started this one.
fn end_with_parent() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(1);
    });
}
