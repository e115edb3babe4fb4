//! The checkout: create a user, reserve the items, create an order, take the payment; and undo it all when one fails.
//!
//! * `domain`: orders, prices, errors
//! * `steps`: what can be done, how it is retried, how it is undone
//! * `saga`: in which order
//! * `services`, `ledger`: the world that the steps change
//! * `database`: the same with transactional steps, and the ledger in SQL (`--database`)
//! * `orders`, `generate`: the input
//! * `drive`: starts the orders and waits for them
//! * `report`, `audit`: what came of it
//! * `proofs`: that it survives every crash and failure (tests)
//!
//! `cargo run --example checkout` runs 1,000 orders in memory; `-- --help` lists the options.

mod audit;
mod database;
mod domain;
mod drive;
mod generate;
mod ledger;
mod options;
mod orders;
#[cfg(test)]
mod proofs;
mod report;
mod saga;
mod services;
mod steps;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use sagaflow::prelude::*;
use sagaflow::{ErrorKind, Message, Saga, ValueOf};

use crate::audit::Audit;
use crate::drive::Settled;
use crate::ledger::Ledger;
use crate::options::{Options, Role};
use crate::report::Report;
use crate::saga::checkout;
use crate::services::{Gateway, OrderDesk, Users, Warehouse};

/// How long the orders of a worker that was killed wait for another one.
const ACK_WAIT: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    sagaflow_examples::quiet_logs();
    match run(&Options::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    if let Some(number) = options.generate {
        return Ok(print_orders(options.seed, number)?);
    }
    if options.role != Role::All && options.transport == "embedded:" {
        return Err("`embedded:` is this process's memory: no other can play the other role".into());
    }
    if let Some(url) = &options.database {
        return database::run(options, url).await;
    }
    match options.role {
        Role::All => {
            let orders = read_orders(options)?;
            let transport = sagaflow::connect(&options.transport).await?;
            let ledger = Arc::new(open_ledger(options, Ledger::open)?);
            forget_another_life(options, &ledger, &transport).await?;
            let workers = start_workers(options, &transport, &ledger)?;
            let (settled, took) = carry_out(transport, orders, checkout).await?;
            stop(workers).await?;
            conclude(options, &settled, took, |instance| ledger.live(instance))
        }
        Role::Worker => {
            let transport = sagaflow::connect(&options.transport).await?;
            let ledger = Arc::new(open_ledger(options, Ledger::open)?);
            forget_another_life(options, &ledger, &transport).await?;
            let workers = start_workers(options, &transport, &ledger)?;
            eprintln!("working; interrupt to stop");
            sagaflow::shutdown_signal().await;
            stop(workers).await?;
            Ok(ExitCode::SUCCESS)
        }
        Role::Client => {
            let orders = read_orders(options)?;
            let transport = sagaflow::connect(&options.transport).await?;
            let (settled, took) = carry_out(transport, orders, checkout).await?;
            let ledger = open_ledger(options, Ledger::look_at)?;
            conclude(options, &settled, took, |instance| ledger.live(instance))
        }
    }
}

async fn carry_out<S: Saga>(
    transport: Arc<dyn Transport>,
    orders: Vec<domain::Order>,
    call: impl Fn(domain::Order) -> Call<S>,
) -> Result<(Vec<Settled>, Duration), sagaflow::Error>
where
    ValueOf<S>: Into<domain::Receipt>,
{
    let begun = Instant::now();
    let settled = drive::all(&Client::new(transport), orders, call).await?;
    Ok((settled, begun.elapsed()))
}

/// Prints what came of it; the exit status says whether the ledger and the outcomes agree.
fn conclude(
    options: &Options,
    settled: &[Settled],
    took: Duration,
    live: impl Fn(&str) -> Vec<ledger::Thing>,
) -> Result<ExitCode, Box<dyn Error>> {
    let report = Report::of(settled, took);
    let audit = Audit::of(settled, live);
    let mut out = io::stdout().lock();
    write!(out, "{report}{audit}")?;
    if options.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(if audit.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_orders(seed: u64, number: usize) -> io::Result<ExitCode> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for order in generate::orders(seed).take(number) {
        serde_json::to_writer(&mut out, &order)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn read_orders(options: &Options) -> Result<Vec<domain::Order>, String> {
    let (name, jsonl) = match &options.orders {
        None => ("orders.jsonl".to_owned(), orders::SHIPPED.to_vec()),
        Some(path) => {
            let name = path.display().to_string();
            let jsonl = std::fs::read(path).map_err(|error| format!("can't read {name}: {error}"))?;
            (name, jsonl)
        }
    };
    let (orders, malformed) = orders::read(&jsonl);
    for malformed in malformed {
        eprintln!("{name}: {malformed}");
    }
    Ok(orders)
}

fn open_ledger(options: &Options, open: fn(&Path) -> io::Result<Ledger>) -> Result<Ledger, String> {
    let Some(path) = options.ledger_path() else { return Ok(Ledger::default()) };
    open(&path).map_err(|error| format!("can't use the ledger {}: {error}", path.display()))
}

/// If the server or the directory was emptied since, the ledger that goes with it has to begin anew, too.
async fn forget_another_life(
    options: &Options,
    ledger: &Ledger,
    transport: &Arc<dyn Transport>,
) -> Result<(), Box<dyn Error>> {
    if options.ledger.is_some() {
        return Ok(());
    }
    let client = Client::new(transport.clone());
    let instances = ledger.books().instances();
    for instance in instances {
        match client.status(<checkout as Message>::NAME, &instance).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            known => return Ok(known.map(drop)?),
        }
    }
    Ok(ledger.clear()?)
}

fn start_workers(
    options: &Options,
    transport: &Arc<dyn Transport>,
    ledger: &Arc<Ledger>,
) -> Result<Vec<RunningWorker>, sagaflow::Error> {
    let start = |_| {
        Ok(Worker::builder(transport.clone())
            .serve::<checkout>()
            .provide(Users(ledger.clone()))
            .provide(Warehouse(ledger.clone()))
            .provide(OrderDesk(ledger.clone()))
            .provide(Gateway { ledger: ledger.clone(), latency: options.gateway_latency() })
            .concurrency(256)
            .ack_wait(ACK_WAIT)
            .build()?
            .spawn())
    };
    (0..options.workers).map(start).collect()
}

async fn stop(workers: Vec<RunningWorker>) -> Result<(), sagaflow::Error> {
    // Together, so that they share one grace.
    futures::future::try_join_all(workers.into_iter().map(RunningWorker::shutdown)).await?;
    Ok(())
}
