//! A document of 500 pages: each page is recognized and translated, so many at a time, and then they are bound. A page that fails is tried
//! again by itself; what was done is not done again, whatever happens to the process.
//!
//! * `domain`: pages and books
//! * `saga`: the pages side by side, a saga of its own for each
//! * `steps`: what can be done, and how it is retried
//! * `bureau`: the world that the steps change
//! * `proofs`: that each page is worked on once, whatever happens (tests)
//!
//! `cargo run --example documents` makes a book; `-- --help` lists the options.

mod bureau;
mod domain;
mod options;
#[cfg(test)]
mod proofs;
mod saga;
mod steps;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::ProgressBar;
use sagaflow::prelude::*;
use sagaflow_examples::{Audit, Ended, Failed, Journal, PLAIN, bar, beside, carry_out, quiet_logs, watched};

use crate::bureau::Bureau;
use crate::options::Options;
use crate::saga::publish;

/// How long the document of a process that was killed waits for another one.
const ACK_WAIT: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> ExitCode {
    quiet_logs();
    let options = Options::parse();
    let right = match options.kills {
        0 => run(&options).await,
        kills => options.setting.killed(kills, 2 * usize::from(options.pages)),
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

/// Makes the book. Whether that was done as it should be.
async fn run(options: &Options) -> Result<bool, Failed> {
    let bar = bar(options.pages.into(), "pages translated");
    let journal = Arc::new(options.setting.journal("documents")?.with_voice(beside(&bar)));
    let transport = sagaflow::connect(&options.setting.transport).await?;
    let begun = Instant::now();
    let (ended, audit) = carry_out_document(options, &transport, journal.clone(), &bar).await?;
    if ended.before {
        println!("(it had come to its end before: `--id` makes another one)");
    }
    match &ended.outcome {
        Ok(book) => println!("{book}, in {:.1} s", begun.elapsed().as_secs_f64()),
        Err(error) => println!("no book: {error}"),
    }
    println!("{} attempts for {} steps", ended.status.attempts, ended.status.steps);
    println!("{audit}");
    Ok(audit.is_right())
}

/// Makes the book, or not; and compares what was done with a plain run.
async fn carry_out_document(
    options: &Options,
    transport: &Arc<dyn Transport>,
    journal: Arc<Journal>,
    bar: &ProgressBar,
) -> Result<(Ended<publish>, Audit), Failed> {
    let worker = Worker::builder(transport.clone())
        .serve::<publish>()
        .provide(options.bureau(journal.clone()))
        // More than the saga lets run at a time: its limit is what counts.
        .concurrency(2 * options.at_once)
        .ack_wait(ACK_WAIT)
        // Being killed says nothing against the steps that were being run.
        .lost_limit(1000)
        .build()?
        .spawn();
    let translated = || journal.count(&format!("publish/{}", options.id), "translated ");
    let call = publish(options.title.clone(), options.pages, options.at_once);
    let ended = watched(bar, translated, carry_out(transport, &journal, call, &options.id)).await?;
    worker.shutdown().await?;
    let audit = Audit::of(&journal, &ended.status.instance.to_string(), plain(options).await?);
    Ok((ended, audit))
}

/// What the same function does as a plain one, in a bureau where nothing fails.
async fn plain(options: &Options) -> Result<Vec<String>, Failed> {
    let journal = Arc::new(Journal::default());
    let bureau = Bureau { flaky: 0, each: Duration::ZERO, ..options.bureau(journal.clone()) };
    let call = publish(options.title.clone(), options.pages, options.at_once);
    Dependencies::new().with(bureau).scope(call.inline()).await.map_err(|failure| failure.to_string())?;
    Ok(journal.standing(PLAIN))
}
