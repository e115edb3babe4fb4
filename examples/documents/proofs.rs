//! What the tests prove of the documents: each page is worked on once, on both transports and through every crash and failure.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use indicatif::ProgressBar;
use sagaflow::prelude::*;
use sagaflow::testing::{Lab, Run};
use sagaflow_examples::Journal;
use sagaflow_tests::NatsServer;

use crate::bureau::Bureau;
use crate::carry_out_document;
use crate::domain::words_on;
use crate::options::Options;
use crate::saga::publish;
use crate::steps::{bind, translate};

/// Many pages, and many that fail now and then.
async fn each_page_once(transport: Arc<dyn Transport>) {
    let arguments = ["documents", "--pages", "120", "--page-ms", "0", "--flaky", "20", "--title", "Many"];
    let options = Options::parse_from(arguments);
    let (journal, bar) = (Arc::new(Journal::default()), ProgressBar::hidden());
    let (ended, audit) = carry_out_document(&options, &transport, journal.clone(), &bar).await.expect("it ends");
    let book = ended.outcome.expect("it is bound");
    let words: u32 = (1..=120).map(|number| words_on(number) - words_on(number) / 10).sum();
    assert_eq!((book.pages, book.words), (120, words));
    assert!(audit.is_right(), "{audit}");
    assert_eq!((journal.count("publish/document-1", ""), ended.status.steps), (241, 241));
    assert!(ended.status.attempts > 260, "some are tried again: {} attempts", ended.status.attempts);
    assert_eq!(journal.repeats(), 0, "what was done is stored");
}

#[tokio::test]
async fn each_page_is_worked_on_once() {
    each_page_once(sagaflow::connect("embedded:").await.expect("memory")).await;
}

#[tokio::test]
async fn each_page_is_worked_on_once_over_nats() {
    let server = NatsServer::start().await;
    each_page_once(sagaflow::connect(&server.url()).await.expect("the server answers")).await;
}

/// A bureau for each run, which takes a second for everything; at most.
fn lab() -> Lab {
    let mut lab = Lab::new();
    lab.provide_all(|| {
        let journal = Arc::new(Journal::default());
        let bureau = Bureau { flaky: 0, each: Duration::from_secs(1), journal: journal.clone() };
        Dependencies::new().with(bureau).with_shared(journal)
    });
    lab.observe(|journal: &Journal| format!("{journal:#?}"));
    lab
}

fn three_pages() -> Call<publish> {
    publish("Three".to_owned(), 3, 2)
}

#[test]
fn a_document_survives_every_crash() {
    lab().check(three_pages()).assert_every_crash_resumes();
}

#[test]
fn a_document_does_nothing_twice() {
    lab().check(three_pages()).assert_steps_idempotent();
}

/// A book has all its pages, each done once; one page that fails keeps none of the others from being done.
fn whole_or_no_book(run: &Run<publish>) {
    let journal = run.get::<Journal>();
    for (id, outcome) in run.outcomes() {
        let whose = format!("publish/{id}");
        let count = |what| journal.count(&whose, what);
        match outcome.expect("it comes to its end") {
            Ok(book) => {
                assert_eq!(book.pages, 3);
                assert_eq!((count("recognized "), count("translated "), count("bound ")), (3, 3, 1), "{journal:?}");
            }
            Err(_) => assert!(count("recognized ") <= 3 && count("translated ") <= 3, "{journal:?}"),
        }
    }
}

#[test]
fn a_document_is_whole_or_no_book_whatever_happens() {
    let check = lab().check(three_pages()).every_crash().every_delay().every_failure();
    check.pairs(60).random(30).assert_all(whole_or_no_book);
}

/// The worker that is cut off has begun nothing: it waits until whoever holds the record may be taken for lost.
#[test]
fn a_document_survives_a_cut_in_a_crash() {
    lab().check(three_pages()).plan("overtake delivery 2 + crash after record 2").assert_all(whole_or_no_book);
}

#[sagaflow::test]
async fn a_page_that_fails_stops_no_other_and_makes_no_book(mut lab: Lab) {
    lab.provide_all(|| {
        let journal = Arc::new(Journal::default());
        Dependencies::new()
            .with(Bureau { flaky: 0, each: Duration::ZERO, journal: journal.clone() })
            .with_shared(journal)
    });
    lab.step::<translate>().answers(|call: translate| match call.page.number {
        1 => Err(Failure::new("it can't be read").terminal()),
        _ => Ok(call.page),
    });
    let run = lab.run(three_pages()).await;
    let error = run.outcome().expect("an end").as_ref().expect_err("no book").to_string();
    assert_eq!(error, "it can't be read (from publish/case)");
    assert_eq!((run.calls::<translate>().len(), run.calls::<bind>().len()), (3, 0), "{}", run.story());
}
