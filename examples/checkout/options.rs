//! The command line.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Carries out orders as durable sagas, and checks in the end that nothing was done twice or left over.
///
/// On a durable transport it may be killed at any time: the same command, started again, goes on where it stopped.
#[derive(Debug, Parser)]
#[command(name = "checkout")]
pub(crate) struct Options {
    /// The orders, one JSON object per line [default: the 1,000 that ship with the example]
    #[arg(long, value_name = "FILE")]
    pub(crate) orders: Option<PathBuf>,
    /// Where the sagas' records are: `embedded:`, `embedded:PATH` or `nats://HOST:PORT`
    #[arg(long, value_name = "URL", default_value = "embedded:")]
    pub(crate) transport: String,
    /// How many workers run in this process
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) workers: u16,
    /// Prints the figures as one JSON object, too, as the last line
    #[arg(long)]
    pub(crate) json: bool,
    /// Which part this process plays
    #[arg(long, value_enum, default_value_t = Role::All)]
    pub(crate) role: Role,
    /// The journal of what the services have made; the client's part reads it for the audit
    /// [default: none for `embedded:`, otherwise a file named after the transport]
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Keeps the ledger in a database instead, with transactional steps: `sqlite:FILE` or `postgres://USER@HOST/DATABASE`
    #[arg(long, value_name = "URL", conflicts_with = "ledger")]
    pub(crate) database: Option<String>,
    /// How long each call of the payment gateway takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    gateway_ms: u64,
    /// Prints this many random orders, and does nothing else
    #[arg(long, value_name = "N")]
    pub(crate) generate: Option<usize>,
    /// What the random orders are made from
    #[arg(long, value_name = "S", default_value_t = 1, requires = "generate")]
    pub(crate) seed: u64,
}

/// Which part a process plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Starts the orders and carries them out
    All,
    /// Carries out what others start, until it is interrupted
    Worker,
    /// Starts the orders and waits for the workers to carry them out
    Client,
}

impl Options {
    pub(crate) fn gateway_latency(&self) -> Duration {
        Duration::from_millis(self.gateway_ms)
    }

    /// Where the journal is; what survives a crash in the transport must survive it in the ledger, too.
    pub(crate) fn ledger_path(&self) -> Option<PathBuf> {
        if let Some(given) = &self.ledger {
            return Some(given.clone());
        }
        match self.transport.strip_prefix("embedded:") {
            Some("") => None,
            Some(path) => Some(format!("{}.ledger.jsonl", path.trim_end_matches('/')).into()),
            None => {
                let mut hasher = DefaultHasher::new();
                self.transport.hash(&mut hasher);
                let name = format!("sagaflow-checkout-{:016x}.ledger.jsonl", hasher.finish());
                Some(std::env::temp_dir().join(name))
            }
        }
    }
}
