//! A batch import: a window of calls slides over a file of any length, what is rejected is collected, and the saga's record stays as small as
//! the window.
//!
//! * `domain`: the file's lines, and what can be wrong with one
//! * `saga`: the window
//! * `steps`: what can be done, and how it is retried
//! * `archive`: the world that the steps change
//! * `proofs`: that each line is imported once, whatever happens (tests)
//!
//! `cargo run --example import` imports 100,000 lines; `-- --kills 3` kills the process that imports three times; `-- --help` lists the options.

mod archive;
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

use crate::archive::Archive;
use crate::options::Options;
use crate::saga::import;

/// How long the import of a process that was killed waits for another one.
const ACK_WAIT: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> ExitCode {
    quiet_logs();
    let options = Options::parse();
    let right = match options.kills {
        0 => run(&options).await,
        kills => options.setting.killed(kills, options.lines as usize),
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

/// Imports the lines. Whether that was done as it should be.
async fn run(options: &Options) -> Result<bool, Failed> {
    let bar = bar(options.lines as usize, "lines, {per_sec}");
    let journal = Arc::new(options.setting.journal("import")?.with_voice(beside(&bar)));
    let transport = sagaflow::connect(&options.setting.transport).await?;
    let begun = Instant::now();
    let (ended, audit) = carry_out_import(options, &transport, journal.clone(), &bar).await?;
    if ended.before {
        println!("(it had come to its end before: `--id` makes another one)");
    }
    match &ended.outcome {
        Ok(summary) => println!("{summary}, in {:.1} s", begun.elapsed().as_secs_f64()),
        Err(error) => println!("not imported: {error}"),
    }
    match journal.repeats() {
        0 => {}
        repeats => println!("{repeats} things were to be done again, and had been done"),
    }
    println!("{audit}");
    Ok(audit.is_right())
}

/// Imports the lines, and compares what was done with a plain run.
async fn carry_out_import(
    options: &Options,
    transport: &Arc<dyn Transport>,
    journal: Arc<Journal>,
    bar: &ProgressBar,
) -> Result<(Ended<import>, Audit), Failed> {
    let worker = Worker::builder(transport.clone())
        .serve::<import>()
        .provide(options.archive(journal.clone()))
        .concurrency(options.window)
        .ack_wait(ACK_WAIT)
        // Being killed says nothing against the steps that were being run.
        .lost_limit(1000)
        .build()?
        .spawn();
    let imported = || journal.count(&format!("import/{}", options.id), "line ");
    let call = import(options.lines, options.window);
    let ended = watched(bar, imported, carry_out(transport, &journal, call, &options.id)).await?;
    worker.shutdown().await?;
    let audit = Audit::of(&journal, &ended.status.instance.to_string(), plain(options).await?);
    Ok((ended, audit))
}

/// What the same function does as a plain one, with an archive that is never busy.
async fn plain(options: &Options) -> Result<Vec<String>, Failed> {
    let journal = Arc::new(Journal::default());
    let archive = Archive { flaky: 0, each: Duration::ZERO, ..options.archive(journal.clone()) };
    let plain = Dependencies::new().with(archive).scope(import(options.lines, options.window).inline()).await;
    plain.map_err(|failure| failure.to_string())?;
    Ok(journal.standing(PLAIN))
}
