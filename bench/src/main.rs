//! The benchmark of sagaflow: prints a JSON line per measure.
//!
//! * `throughput`: many three-step sagas, so many of them under way at the same time
//! * `latency`: one saga at a time, from its start to its outcome
//! * `looping`: one saga that loops over many steps
//! * `parked` (only when asked for): how late 20,000 timers fire within 4 seconds, and the throughput beside 100,000
//!   instances that wait for an hour, over NATS
//! * `raw`: what throughput could be at best, over NATS: the same messages, with async-nats alone
//!
//! `cargo xtask bench` builds it with optimizations, gives it a nats-server and a directory, and runs it.

mod latency;
mod line;
mod looping;
mod parked;
mod place;
mod raw;
mod sagas;
mod throughput;
mod weigh;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::line::{Line, median, milliseconds, per_second, percentile, print};
use crate::place::{Kind, Place};

/// What anything here may fail with.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Measures sagaflow, and prints a JSON line per measure.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench --")]
struct Options {
    /// A NATS server with JetStream, for `nats:` and `raw_nats`
    #[arg(long, value_name = "URL")]
    nats: String,
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    Throughput,
    Latency,
    Loop,
    #[value(name = "raw_nats", alias = "raw-nats")]
    RawNats,
    Parked,
}

/// How many instances wait while others are measured.
const PARKED: u64 = 100_000;
/// How often throughput and its yardstick are measured, in turns.
const TURNS: usize = 3;
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
        if wanted(Measure::Loop) {
            for n in LOOPS {
                let place = Place::open(options, kind).await?;
                let ms_per_step = looping::measure(&place, n).await?;
                print(&Line::Loop { transport: kind.label(), n, ms_per_step });
                place.close().await?;
            }
        }
    }
    if wanted(Measure::RawNats) && on(Kind::Nats) {
        compare_with_raw(options).await?;
    }
    if options.only.contains(&Measure::Parked) {
        measure_parked(options).await?;
    }
    Ok(())
}

async fn measure_throughput(options: &Options, kind: Kind) -> Result<(), Failed> {
    let place = Place::open(options, kind).await?;
    let took = throughput::measure(&place, options.sagas, options.concurrency).await?;
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

    let steps = options.sagas * sagas::STEPS;
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let place = Place::open(options, Kind::Nats).await?;
        let took = throughput::measure(&place, options.sagas, options.concurrency).await?;
        ours.push(per_second(steps, took.time));
        place.close().await?;
        let took = raw::measure(&options.nats, options.sagas, options.concurrency, sizes).await?;
        raw.push(per_second(steps, took));
    }
    let (ours, raw) = (median(ours), median(raw));
    let ratio = (ours / raw * 1e3).round() / 1e3;
    print(&Line::RawNats { steps_per_s: raw, ratio, sagaflow_steps_per_s: ours, record_bytes: sizes });
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
    for _ in 0..TURNS {
        for (waiting, rates) in [(0, &mut alone), (PARKED, &mut beside)] {
            let place = Place::open(options, Kind::Nats).await?;
            parked::park(&place, waiting, |_| Duration::from_secs(3600)).await?;
            let took = throughput::measure(&place, options.sagas, options.concurrency).await?;
            rates.push(per_second(options.sagas, took.time));
            place.close().await?;
        }
    }
    let (alone, beside) = (median(alone), median(beside));
    let ratio = (beside / alone * 1e3).round() / 1e3;
    print(&Line::Parked { parked: PARKED, sagas_per_s_alone: alone, sagas_per_s: beside, ratio });
    Ok(())
}
