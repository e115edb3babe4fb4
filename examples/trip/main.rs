//! A trip: a car, a hotel (or the next one, when it is full), and then the flight and its payment side by side. What can't be had undoes
//! what was booked before it.
//!
//! * `domain`: what is wished for and booked, and what can go wrong
//! * `saga`: in which order
//! * `steps`: what can be done, how it is retried, how it is undone
//! * `agency`: the world that the steps change
//! * `proofs`: that it survives every crash and failure (tests)
//!
//! `cargo run --example trip` books a trip; `-- --fail payment` shows how it is undone; `-- --help` lists the options.

mod agency;
mod domain;
mod options;
#[cfg(test)]
mod proofs;
mod saga;
mod steps;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use sagaflow::prelude::*;
use sagaflow_examples::{Audit, Ended, Failed, Journal, PLAIN, carry_out, quiet_logs};

use crate::agency::Agency;
use crate::domain::TripError;
use crate::options::Options;
use crate::saga::trip;

/// How long the trip of a process that was killed waits for another one.
const ACK_WAIT: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> ExitCode {
    quiet_logs();
    match run(&Options::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Books the trip, and tells what is done on the way. Whether that is what should be.
async fn run(options: &Options) -> Result<bool, Failed> {
    let journal = options.setting.journal("trip")?.with_voice(|text| println!("  {text}"));
    let transport = sagaflow::connect(&options.setting.transport).await?;
    println!("{}", options.wish());
    let (ended, audit) = book(options, &transport, Arc::new(journal)).await?;
    if ended.before {
        println!("  (it had come to its end before: `--id` makes another one)");
    }
    match &ended.outcome {
        Ok(itinerary) => println!("booked: {itinerary}"),
        Err(error) => println!("not booked: {error}"),
    }
    println!("{audit}");
    Ok(audit.is_right())
}

/// Books the trip, or not; and compares what was done with a plain run, or with nothing.
async fn book(
    options: &Options,
    transport: &Arc<dyn Transport>,
    journal: Arc<Journal>,
) -> Result<(Ended<trip>, Audit), Failed> {
    let worker = Worker::builder(transport.clone())
        .serve::<trip>()
        .provide(options.agency(journal.clone()))
        .ack_wait(ACK_WAIT)
        .build()?
        .spawn();
    let ended = carry_out(transport, &journal, trip(options.wish()), &options.id).await?;
    worker.shutdown().await?;
    let expected = match &ended.outcome {
        Ok(_) => plain(options).await?,
        Err(_) => Vec::new(),
    };
    let audit = Audit::of(&journal, &ended.status.instance.to_string(), expected);
    Ok((ended, audit))
}

/// What the same function does as a plain one, in a world where nothing fails.
async fn plain(options: &Options) -> Result<Vec<String>, TripError> {
    let journal = Arc::new(Journal::default());
    let agency = Agency { failing: None, flaky: 0, latency: Duration::ZERO, ..options.agency(journal.clone()) };
    Dependencies::new().with(agency).scope(trip(options.wish()).inline()).await?;
    Ok(journal.standing(PLAIN))
}
