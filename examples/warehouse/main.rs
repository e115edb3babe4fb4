//! An order with a step that takes long: packing. It saves how far it has come, so that a killed process costs no more than a moment of
//! work, and while it goes on the saga tells the customer that it takes longer than promised.
//!
//! * `domain`: orders and shipments
//! * `saga`: in which order
//! * `steps`: what can be done, how it is retried, how it is undone
//! * `hall`: the world that the steps change
//! * `proofs`: that nothing is packed twice, whatever happens (tests)
//!
//! `cargo run --example warehouse` packs an order; `-- --kills 3` kills the process that packs it three times; `-- --help` lists the options.

mod domain;
mod hall;
mod options;
#[cfg(test)]
mod proofs;
mod saga;
mod steps;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use indicatif::ProgressBar;
use sagaflow::prelude::*;
use sagaflow_examples::{Audit, Ended, Failed, Journal, PLAIN, bar, beside, carry_out, quiet_logs, watched};

use crate::domain::{Order, notice};
use crate::hall::Hall;
use crate::options::Options;
use crate::saga::ship;

/// How long the order of a process that was killed waits for another one.
const ACK_WAIT: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> ExitCode {
    quiet_logs();
    let options = Options::parse();
    let right = match options.kills {
        0 => run(&options).await,
        kills => options.setting.killed(kills, options.items.into()),
    };
    match right {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Ships the order, and tells what is done on the way. Whether that is what should be.
async fn run(options: &Options) -> Result<bool, Failed> {
    let bar = bar(options.items.into(), "items packed");
    let journal = Arc::new(options.setting.journal("warehouse")?.with_voice(beside(&bar)));
    let transport = sagaflow::connect(&options.setting.transport).await?;
    let (ended, audit) = carry_out_order(options, &transport, journal.clone(), &bar).await?;
    if ended.before {
        println!("(it had come to its end before: `--id` makes another one)");
    }
    match &ended.outcome {
        Ok(shipment) => println!("shipped: {shipment}"),
        Err(error) => println!("not shipped: {error}"),
    }
    match journal.repeats() {
        0 => {}
        repeats => println!("{repeats} things were to be done again, and had been done"),
    }
    println!("{audit}");
    Ok(audit.is_right())
}

/// Ships the order, or not; and compares what was done with a plain run, or with nothing.
async fn carry_out_order(
    options: &Options,
    transport: &Arc<dyn Transport>,
    journal: Arc<Journal>,
    bar: &ProgressBar,
) -> Result<(Ended<ship>, Audit), Failed> {
    let worker = Worker::builder(transport.clone())
        .serve::<ship>()
        .provide(options.hall(journal.clone()))
        .ack_wait(ACK_WAIT)
        // Being killed says nothing against the step that was being run.
        .lost_limit(1000)
        .build()?
        .spawn();
    let order = options.order();
    let packed = || journal.count(&format!("ship/{}", options.id), "item ");
    let ended = watched(bar, packed, carry_out(transport, &journal, ship(order.clone()), &options.id)).await?;
    worker.shutdown().await?;
    let mut expected = match &ended.outcome {
        Ok(_) => plain(options).await.map_err(|failure| failure.to_string())?,
        Err(_) => Vec::new(),
    };
    // Whether it took longer than promised is no matter of what is right; and a mail can't be taken back.
    let notices = journal.count(&ended.status.instance.to_string(), "a mail");
    expected.extend((notices > 0).then(|| notice(&order.customer)));
    let audit = Audit::of(&journal, &ended.status.instance.to_string(), expected);
    Ok((ended, audit))
}

/// What the same function does as a plain one, with a robot that takes no time and never fails, for a customer who waits for it.
async fn plain(options: &Options) -> Result<Vec<String>, Failure> {
    let journal = Arc::new(Journal::default());
    let hall = Hall { flaky: 0, each: Duration::ZERO, ..options.hall(journal.clone()) };
    let order = Order { patience_ms: 3_600_000, ..options.order() };
    Dependencies::new().with(hall).scope(ship(order).inline()).await?;
    Ok(journal.standing(PLAIN))
}
