//! The options.

use clap::{Args, Parser, Subcommand};

/// Transfers between accounts in two databases, and an audit.
#[derive(Debug, Clone, Parser)]
#[command(name = "bank")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) role: Option<Role>,
    /// How many transfers.
    #[arg(long, default_value_t = 500)]
    pub(crate) transfers: u32,
    /// How many workers. Over NATS each is a process of its own; without a server they share one.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) workers: u16,
    /// How many accounts in each of the two databases.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) accounts: u32,
    /// Where the accounts are: `sqlite` (two files), `postgres` (a server that is started and ended here), or a URL
    /// `postgres://user@host/database` of a user who may make databases.
    #[arg(long, default_value = "sqlite")]
    pub(crate) database: String,
    /// What carries the sagas: `embedded` (a directory), or `nats://host:port`.
    #[arg(long, default_value = "embedded")]
    pub(crate) transport: String,
    /// Kills workers, and crashes a PostgreSQL that was started here, while they work.
    #[arg(long)]
    pub(crate) chaos: bool,
    /// With `--chaos`: how often something is killed.
    #[arg(long, default_value_t = 10)]
    pub(crate) kills: u32,
    /// What chance is drawn from. Default: another one each time; it is printed.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

/// What a process of this program does, if it is not the first.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Role {
    /// Works on transfers until they are done. Begun by the first process.
    #[command(hide = true)]
    Work(Work),
}

/// What a working process is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct Work {
    #[arg(long)]
    pub(crate) transport: String,
    #[arg(long)]
    pub(crate) left: String,
    #[arg(long)]
    pub(crate) right: String,
    #[arg(long)]
    pub(crate) workers: u16,
    #[arg(long)]
    pub(crate) transfers: u32,
    #[arg(long)]
    pub(crate) accounts: u32,
    #[arg(long)]
    pub(crate) seed: u64,
    /// Starts the transfers, and ends when they have ended.
    #[arg(long)]
    pub(crate) drive: bool,
}
