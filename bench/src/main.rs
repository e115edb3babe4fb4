//! The benchmark of sagaflow: prints a JSON line per measure.
//!
//! * `throughput`: many three-step sagas, so many of them under way at the same time
//! * `latency`: one saga at a time, from its start to its outcome
//! * `looping`: one saga that loops over many steps
//! * `parked` (only when asked for): how late 20,000 timers fire within 4 seconds, and the throughput beside 100,000
//!   instances that wait for an hour, over NATS
//! * `memory`: what a process takes while 1,000 steps run in it
//! * `shards` (only when asked for): throughput over 1 to 16 streams, on a server that syncs now and then, and on one that syncs
//!   with every record
//! * `signals` (only when asked for): one entity that takes many signals from ten senders
//! * `listing` (only when asked for): 100,000 instances that wait, looked through
//! * `database` (only when asked for): a transactional step beside the same transaction by hand, the relay of the outbox, the projector
//! * `raw`: what throughput could be at best, over NATS: the same messages, with async-nats alone
//!
//! `cargo xtask bench` builds it with optimizations, gives it a nats-server and a directory, and runs it.

mod cpu;
mod database;
mod latency;
mod line;
mod listing;
mod looping;
mod memory;
mod parked;
mod place;
mod raw;
mod sagas;
mod signals;
mod throughput;
mod weigh;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::cpu::{Meter, Spent};
use crate::line::{Line, median, milliseconds, per_second, percentile, print, ratios};
use crate::listing::Listed;
use crate::place::{Kind, Place};
use crate::throughput::Took;

/// What anything here may fail with.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Measures sagaflow, and prints a JSON line per measure.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench --")]
struct Options {
    /// A NATS server with JetStream, for `nats:` and `raw_nats`
    #[arg(long, value_name = "URL")]
    nats: String,
    /// The process id of that server, to measure what processor time it takes
    #[arg(long, value_name = "ID")]
    nats_process: Option<u32>,
    /// Another one that syncs every record to the disk (`sync_interval: always`), for `shards`
    #[arg(long, value_name = "URL")]
    nats_always: Option<String>,
    /// A PostgreSQL, for `database`
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// A directory for `embedded:PATH`; it is emptied
    #[arg(long, value_name = "PATH")]
    directory: PathBuf,
    /// Measures only these
    #[arg(long, value_enum, value_name = "MEASURE")]
    only: Vec<Measure>,
    /// Measures only on these transports
    #[arg(long, value_enum, value_name = "TRANSPORT")]
    transport: Vec<Kind>,
    /// How many sagas the throughput is measured with
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    sagas: u64,
    /// How many of them are under way at the same time
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u16).range(4..))]
    concurrency: u16,
    /// How many sagas the latency is measured with
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    samples: u64,
    /// How often what is compared is measured, in turns
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    turns: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    Throughput,
    Latency,
    Loop,
    #[value(name = "raw_nats", alias = "raw-nats")]
    RawNats,
    Parked,
    Memory,
    Shards,
    Signals,
    Listing,
    Database,
}

/// How many shards are tried.
const SHARDS: [u16; 5] = [1, 2, 4, 8, 16];
/// How many instances wait while others are measured.
const PARKED: u64 = 100_000;
/// How many instances are listed.
const LISTED: u64 = 100_000;
/// How many signals the entities take.
const SIGNALS: [u64; 4] = [10, 1_000, 10_000, 50_000];
/// How many steps the looping sagas have.
const LOOPS: [u64; 4] = [10, 100, 1_000, 10_000];

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Failed> {
    let wanted = |measure| options.only.is_empty() || options.only.contains(&measure);
    let on = |kind| options.transport.is_empty() || options.transport.contains(&kind);
    for &kind in Kind::value_variants().iter().filter(|kind| on(**kind)) {
        if wanted(Measure::Throughput) {
            measure_throughput(options, kind).await?;
        }
        if wanted(Measure::Latency) {
            let place = Place::open(options, kind).await?;
            let (p50_ms, p99_ms) = latency::measure(&place, options.samples).await?;
            print(&Line::Latency { transport: kind.label(), p50_ms, p99_ms });
            place.close().await?;
        }
        if wanted(Measure::Memory) {
            let place = Place::open(options, kind).await?;
            let (before, during) = memory::measure(&place).await?;
            let [before_mb, resident_mb] = [before, during].map(|bytes| (bytes as f64 / 1e5).round() / 10.0);
            print(&Line::Memory { transport: kind.label(), in_flight: memory::IN_FLIGHT, resident_mb, before_mb });
            place.close().await?;
        }
        if wanted(Measure::Loop) {
            for n in LOOPS {
                let place = Place::open(options, kind).await?;
                let ms_per_step = looping::measure(&place, n).await?;
                print(&Line::Loop { transport: kind.label(), n, ms_per_step });
                place.close().await?;
            }
        }
    }
    for &kind in Kind::value_variants().iter().filter(|kind| on(**kind)) {
        for signals in SIGNALS.into_iter().filter(|_| options.only.contains(&Measure::Signals)) {
            let place = Place::open(options, kind).await?;
            let (ms_per_signal, record_bytes) = signals::measure(&place, signals).await?;
            print(&Line::Signals { transport: kind.label(), signals, ms_per_signal, record_bytes });
            place.close().await?;
        }
    }
    for &kind in Kind::value_variants().iter().filter(|kind| on(**kind) && options.only.contains(&Measure::Listing)) {
        let place = Place::open(options, kind).await?;
        let Listed { all, first, by_attribute } = listing::measure(&place, LISTED).await?;
        let (all_s, first_s, by_attribute_s) = (all, first, by_attribute);
        print(&Line::Listing { transport: kind.label(), instances: LISTED, all_s, first_s, by_attribute_s });
        place.close().await?;
    }
    if wanted(Measure::RawNats) && on(Kind::Nats) {
        compare_with_raw(options).await?;
    }
    if options.only.contains(&Measure::Parked) {
        measure_parked(options).await?;
    }
    if options.only.contains(&Measure::Database) {
        let url = options.database.as_deref().ok_or("`database` needs a PostgreSQL: `--database URL`")?;
        let place = async |kind| Place::open(options, kind).await;
        database::measure(place, url, options.sagas, options.concurrency).await?;
    }
    if options.only.contains(&Measure::Shards) {
        measure_shards(options).await?;
    }
    Ok(())
}

async fn measure_throughput(options: &Options, kind: Kind) -> Result<(), Failed> {
    let place = Place::open(options, kind).await?;
    let took = throughput::measure(&place, options.sagas, options.concurrency, Meter { server: None }).await?;
    print(&Line::Throughput {
        transport: kind.label(),
        sagas: options.sagas,
        steps: sagas::STEPS,
        concurrency: options.concurrency,
        sagas_per_s: per_second(options.sagas, took.time),
        fsyncs_per_s: took.fsyncs.map(|fsyncs| per_second(fsyncs, took.time)),
    });
    place.close().await
}

/// Sagaflow and async-nats alone, in turns, so that both meet the same machine.
async fn compare_with_raw(options: &Options) -> Result<(), Failed> {
    let place = Place::open(options, Kind::Nats).await?;
    let sizes = weigh::record_sizes(&place).await?;
    place.close().await?;

    let (steps, meter) = (options.sagas * sagas::STEPS, Meter { server: options.nats_process });
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for turn in 0..=options.turns {
        raw.push(raw::measure(&options.nats, options.sagas, options.concurrency, sizes, meter).await?);
        if turn < options.turns {
            let place = Place::open(options, Kind::Nats).await?;
            ours.push(throughput::measure(&place, options.sagas, options.concurrency, meter).await?);
            place.close().await?;
        }
    }
    let rates = |all: &[Took]| all.iter().map(|took| per_second(steps, took.time)).collect::<Vec<_>>();
    // What a second of processor time is enough for.
    let by = |all: &[Took], what: fn(Spent) -> f64| all.iter().map(|took| what(took.spent).recip()).collect::<Vec<_>>();
    let of_cpu = |what| ratios(&by(&ours, what), &by(&raw, what))[0];
    let [ratio, ratio_least, ratio_most] = ratios(&rates(&ours), &rates(&raw));
    print(&Line::RawNats {
        steps_per_s: median(rates(&raw)),
        ratio,
        ratio_least,
        ratio_most,
        cpu_ratio: meter.server.map(|_| of_cpu(Spent::all)),
        server_cpu_ratio: meter.server.map(|_| of_cpu(|spent| spent.server.as_secs_f64())),
        sagaflow_steps_per_s: median(rates(&ours)),
        record_bytes: sizes,
    });
    Ok(())
}

/// How late timers are; and throughput without and with many that wait, in turns.
async fn measure_parked(options: &Options) -> Result<(), Failed> {
    let place = Place::open(options, Kind::Nats).await?;
    let late: Vec<_> = parked::lateness(&place).await?.into_iter().map(milliseconds).collect();
    place.close().await?;
    let [late_p50_ms, late_p99_ms, late_max_ms] = [50, 99, 100].map(|percent| percentile(late.clone(), percent));
    print(&Line::Timers { timers: late.len(), late_p50_ms, late_p99_ms, late_max_ms });

    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for turn in 0..=options.turns {
        alone.push(rate_beside(options, 0).await?);
        if turn < options.turns {
            beside.push(rate_beside(options, PARKED).await?);
        }
    }
    let [ratio, ratio_least, ratio_most] = ratios(&beside, &alone);
    print(&Line::Parked {
        parked: PARKED,
        sagas_per_s_alone: median(alone),
        sagas_per_s: median(beside),
        ratio,
        ratio_least,
        ratio_most,
    });
    Ok(())
}

/// Sagas per second in a fresh place where so many instances wait.
async fn rate_beside(options: &Options, waiting: u64) -> Result<f64, Failed> {
    let place = Place::open(options, Kind::Nats).await?;
    parked::park(&place, waiting, |_| Duration::from_secs(3600)).await?;
    let took = throughput::measure(&place, options.sagas, options.concurrency, Meter { server: None }).await?;
    place.close().await?;
    Ok(per_second(options.sagas, took.time))
}

/// Throughput by the number of shards, on a server that syncs now and then and on one that always does; each number in turn.
async fn measure_shards(options: &Options) -> Result<(), Failed> {
    let always = options.nats_always.as_deref().ok_or("`--only shards` needs --nats-always URL, too")?;
    // With a sync for each record it takes so much longer.
    for (sync, url, sagas) in [("2m", &*options.nats, options.sagas), ("always", always, options.sagas / 10)] {
        let mut rates = SHARDS.map(|_| Vec::new());
        for _ in 0..options.turns {
            for (shards, rates) in SHARDS.into_iter().zip(&mut rates) {
                let place = Place::open_nats(url, shards).await?;
                let took = throughput::measure(&place, sagas, options.concurrency, Meter { server: None }).await?;
                rates.push(per_second(sagas, took.time));
                place.close().await?;
            }
        }
        let rates = rates.map(median);
        for (shards, sagas_per_s) in SHARDS.into_iter().zip(rates) {
            let ratio = (sagas_per_s / rates[0] * 1e3).round() / 1e3;
            print(&Line::Shards { sync, shards, sagas_per_s, ratio });
        }
    }
    Ok(())
}
