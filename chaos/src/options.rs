//! What a run is told.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::faults::Counts;

// Not a documentation comment: that would take the place of the help text of the program.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// How many instances are started
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) sagas: u64,
    /// What the instances' shapes and the faults follow from; by default a random one
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,
    /// Three servers, each record on all of them, instead of one server
    #[arg(long)]
    pub(crate) cluster: bool,
    /// How many worker processes there are
    #[arg(long, value_name = "W", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) workers: u16,
    /// Into how many streams the instances are divided
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) shards: u16,
    /// How many instances are under way at the same time
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) at_a_time: u32,
    /// How many deliveries a worker works on at the same time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) concurrency: u16,
    /// After this time, in milliseconds, the deliveries of a worker that is gone go to others
    #[arg(long, value_name = "MS", default_value_t = 3_000, value_parser = clap::value_parser!(u64).range(500..))]
    pub(crate) ack_wait: u64,
    /// How many workers are killed (SIGKILL)
    #[arg(long, value_name = "N")]
    kills: Option<u32>,
    /// How many workers are stopped (SIGSTOP) for longer than the ack wait, and go on
    #[arg(long, value_name = "N")]
    pauses: Option<u32>,
    /// How many workers are told to end (SIGTERM), and replaced
    #[arg(long, value_name = "N")]
    retirements: Option<u32>,
    /// How often connections are cut
    #[arg(long, value_name = "N")]
    cuts: Option<u32>,
    /// How often a connection is stalled
    #[arg(long, value_name = "N")]
    stalls: Option<u32>,
    /// How often the server is killed (in a cluster, the leader of a stream of records) and started again
    #[arg(long, value_name = "N")]
    server_kills: Option<u32>,
    /// No faults at all: then nothing may be executed twice
    #[arg(long)]
    pub(crate) no_faults: bool,
    /// The most seconds that the run may take before its audit; by default they grow with the work and the faults
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// The nats-server; by default that in SAGAFLOW_NATS_SERVER, under target/, or on the PATH
    #[arg(long, value_name = "PATH")]
    pub(crate) nats_server: Option<PathBuf>,
    /// Keeps the directory with the stores, the logs and the evidence, and says where it is
    #[arg(long)]
    pub(crate) keep: bool,
}

impl Options {
    /// How many faults there are of each kind.
    pub(crate) fn faults(&self) -> Counts {
        if self.no_faults {
            return Counts::default();
        }
        let by = |given: Option<u32>, each: u64, least: u32| {
            given.unwrap_or(u32::try_from(self.sagas / each).unwrap_or(u32::MAX).max(least))
        };
        // An election takes seconds, a restart of one server takes less than one.
        let (each, least) = if self.cluster { (800, 2) } else { (2_500, 1) };
        Counts {
            kills: by(self.kills, 800, 4),
            pauses: by(self.pauses, 1_600, 2),
            retirements: by(self.retirements, 4_000, 1),
            cuts: by(self.cuts, 1_600, 2),
            stalls: by(self.stalls, 2_500, 1),
            server_kills: by(self.server_kills, each, least),
        }
    }

    pub(crate) fn ack_wait(&self) -> Duration {
        Duration::from_millis(self.ack_wait)
    }

    pub(crate) fn servers(&self) -> usize {
        if self.cluster { 3 } else { 1 }
    }

    /// How long the run may take before its audit.
    pub(crate) fn limit(&self) -> Duration {
        if let Some(seconds) = self.timeout {
            return Duration::from_secs(seconds);
        }
        let faults = self.faults();
        let each_server_kill = if self.cluster { 90 } else { 15 };
        let others = faults.kills + faults.pauses + faults.retirements + faults.cuts + faults.stalls;
        let seconds = 180 + self.sagas / 20 + u64::from(faults.server_kills) * each_server_kill + u64::from(others) * 8;
        Duration::from_secs(seconds)
    }
}
