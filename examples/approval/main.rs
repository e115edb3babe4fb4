//! An expense that a person approves, at the terminal: it waits, reminds, and gives up in the end. While it waits, it holds nothing but its record.
//!
//! `cargo run --example approval` asks you; `-- nats://127.0.0.1:4222` lets it wait over NATS. Answer `y` or `n`, or wait for the reminders.

#[cfg(test)]
mod proofs;
mod saga;

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow_examples::{Failed, quiet_logs};

use crate::saga::{Decision, Expense, Office, approval};

#[tokio::main]
async fn main() -> ExitCode {
    quiet_logs();
    let url = std::env::args().nth(1).unwrap_or_else(|| "embedded:".to_owned());
    match run(&url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(url: &str) -> Result<(), Failed> {
    let transport = sagaflow::connect(url).await?;
    let office = Office(Box::new(|text| println!("{text}")));
    let worker = Worker::builder(transport.clone()).serve::<approval>().provide(office).build()?.spawn();
    let expense =
        Expense { what: "a train to Linz".to_owned(), euros: 42, remind_after: Duration::from_secs(10), reminders: 2 };
    let handle = Client::new(transport).start(approval(expense)).await?;
    println!("approve it? y or n, and return");
    let asked = handle.clone();
    let (sender, mut lines) = tokio::sync::mpsc::channel(1);
    // A read of the terminal can't be given up, and nobody waits for this thread.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    let answering = async move {
        while let Some(line) = lines.recv().await {
            let approved = match line.trim() {
                "y" | "yes" => true,
                "n" | "no" => false,
                _ => {
                    println!("y or n?");
                    continue;
                }
            };
            let by = std::env::var("USER").unwrap_or_else(|_| "you".to_owned());
            return asked.signal(Decision { by, approved }).key("decision").await;
        }
        if std::io::stdin().is_terminal() {
            println!("nobody answers");
        }
        Ok(())
    };
    let (answered, outcome) = tokio::join!(
        async {
            tokio::select! { answered = answering => answered, _ = handle.outcome() => Ok(()) }
        },
        handle.outcome()
    );
    answered?;
    match outcome? {
        Ok(how) => println!("{how}"),
        Err(error) => println!("not paid: {error}"),
    }
    worker.shutdown().await?;
    Ok(())
}
