//! What the tests prove of the import: each line is imported once or rejected, on both transports and through every crash and failure; and
//! the record grows with the window, not with the file.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use indicatif::ProgressBar;
use sagaflow::prelude::*;
use sagaflow::testing::{Lab, Run};
use sagaflow::transport::InstanceId;
use sagaflow_examples::Journal;
use sagaflow_tests::NatsServer;

use crate::archive::Archive;
use crate::carry_out_import;
use crate::domain::{line, parse};
use crate::options::Options;
use crate::saga::import;

fn options(arguments: &[&str]) -> Options {
    Options::parse_from(["import"].iter().chain(arguments))
}

/// Imports a file with some trouble, and looks at its record all the while. How large the largest was.
async fn imported(transport: &Arc<dyn Transport>, lines: &str) -> usize {
    let id = format!("file-of-{lines}");
    let options = options(&["--lines", lines, "--window", "10", "--flaky", "5", "--id", &id]);
    let instance = InstanceId::new("import", id.as_str()).expect("an id");
    let looks = transport.clone();
    let largest = tokio::spawn(async move {
        let mut largest = 0;
        loop {
            if let Some(record) = looks.latest(&instance).await.expect("it is there") {
                largest = largest.max(record.payload.len());
                if String::from_utf8_lossy(&record.payload).contains(r#""status":"completed""#) {
                    return largest;
                }
            }
            tokio::task::yield_now().await;
        }
    });
    let (journal, bar) = (Arc::new(Journal::default()), ProgressBar::hidden());
    let (ended, audit) = carry_out_import(&options, transport, journal, &bar).await.expect("it ends");
    let summary = ended.outcome.expect("it never fails as a whole");
    assert!(audit.is_right(), "{audit}");
    assert_eq!((summary.imported + summary.rejected).to_string(), lines);
    let damaged = (1..=options.lines).filter(|number| parse(&line(*number)).is_err()).count();
    assert_eq!(summary.rejected, damaged as u64);
    assert!(damaged > 0 && ended.status.attempts > options.lines + 5, "there was trouble: {}", ended.status.attempts);
    largest.await.expect("it has seen the last record")
}

async fn stays_small(transport: Arc<dyn Transport>) {
    let (short, long) = (imported(&transport, "200").await, imported(&transport, "800").await);
    println!("the largest record: {short} bytes for 200 lines, {long} for 800");
    for largest in [short, long] {
        assert!((1_000..10_000).contains(&largest), "{short} and {long} bytes, for a window of 10");
    }
}

#[tokio::test]
async fn each_line_is_imported_once() {
    stays_small(sagaflow::connect("embedded:").await.expect("memory")).await;
}

#[tokio::test]
async fn each_line_is_imported_once_over_nats() {
    let server = NatsServer::start().await;
    stays_small(sagaflow::connect(&server.url()).await.expect("the server answers")).await;
}

/// Ten lines through a window of three; that has damaged ones among them.
const LINES: u64 = 10;

/// An archive for each run; a line takes a second.
fn lab() -> Lab {
    let mut lab = Lab::new();
    lab.provide_all(|| {
        let journal = Arc::new(Journal::default());
        let archive = Archive { flaky: 0, each: Duration::from_secs(1), journal: journal.clone() };
        Dependencies::new().with(archive).with_shared(journal)
    });
    lab.observe(|journal: &Journal| format!("{journal:#?}"));
    lab
}

#[test]
fn an_import_survives_every_crash() {
    lab().check(import(LINES, 3)).assert_every_crash_resumes();
}

#[test]
fn an_import_does_nothing_twice() {
    lab().check(import(LINES, 3)).assert_steps_idempotent();
}

/// Each line is in the archive or among the rejected, and the summary says so; an import that fails when it puts the rejected aside keeps what
/// it has imported.
fn all_or_so_far(run: &Run<import>) {
    let journal = run.get::<Journal>();
    for (id, outcome) in run.outcomes() {
        let whose = format!("import/{id}");
        let (imported, rejected) = (journal.count(&whose, "line "), journal.count(&whose, "rejected "));
        let distinct: std::collections::BTreeSet<_> =
            journal.standing(&whose).iter().map(|what| what.split_once(':').expect("a colon").0.to_owned()).collect();
        assert_eq!(distinct.len(), imported + rejected, "nothing is there twice: {journal:?}");
        match outcome.expect("it comes to its end") {
            Ok(summary) => {
                // Errors that a plan has made up are all of the same line.
                let made_up = run.plan().to_string().contains("fail import_line");
                assert_eq!(summary.imported, imported as u64, "{journal:?}");
                assert!(summary.rejected == rejected as u64 || made_up, "{journal:?}");
                assert_eq!(summary.imported + summary.rejected, LINES);
            }
            Err(_) => assert!(imported + rejected <= LINES as usize, "{journal:?}"),
        }
    }
}

#[test]
fn an_import_misses_no_line_whatever_happens() {
    let check = lab().check(import(LINES, 3)).every_crash().every_delay().every_failure();
    check.pairs(40).random(20).assert_all(all_or_so_far);
}

#[test]
fn lines_are_damaged_in_both_ways() {
    let damaged = |why: &str| {
        let is = |number: &u64| matches!(parse(&line(*number)), Err(error) if error.to_string().contains(why));
        (1..=1000).filter(is).count()
    };
    let (nameless, no_address) = (damaged("no name"), damaged("is no address"));
    assert!(nameless > 3 && no_address > 3, "{nameless} and {no_address}");
}
