//! What the tests prove of the trip: booked whole or not at all, on both transports and through every crash and failure.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use sagaflow::prelude::*;
use sagaflow::testing::{Lab, Run};
use sagaflow_examples::{Audit, Journal};
use sagaflow_tests::NatsServer;

use crate::agency::Agency;
use crate::book;
use crate::options::Options;
use crate::saga::trip;
use crate::steps::cancel;

fn options(arguments: &[&str]) -> Options {
    Options::parse_from(["trip", "--call-ms", "0"].iter().chain(arguments))
}

/// Every way to fail, and how the outcome says so.
const FAILURES: [(&str, &str); 5] = [
    ("car", "a car in Lisbon can't be had (from `book_car` at `book_car` of "),
    ("hotel", "there is no room in Lisbon (from `book_hotel` at `any_hotel/book_hotel` of "),
    ("flight", "a flight to Lisbon can't be had (from `book_flight` at "),
    ("payment", "Ada's card is declined (from `pay` at "),
    ("itinerary", "Ada can't be reached (from `send_itinerary` at `send_itinerary` of "),
];

async fn booked_or_undone(transport: Arc<dyn Transport>) {
    let booked = options(&["--full", "2", "--id", "booked"]);
    let (ended, audit) = book(&booked, &transport, Arc::default()).await.expect("it ends");
    let itinerary = ended.outcome.expect("it is booked");
    assert_eq!(
        itinerary.to_string(),
        "a car in Lisbon, a room in the Hotel Alba, a flight to Lisbon; 550 euros were paid"
    );
    assert_eq!(audit.to_string(), "audit: 5 things were done, each once: those that a plain run of the function does");
    for (step, why) in FAILURES {
        let journal = Arc::new(Journal::default());
        let failing = options(&["--fail", step, "--id", step]);
        let (ended, audit) = book(&failing, &transport, journal.clone()).await.expect("it ends");
        let error = ended.outcome.expect_err("something can't be had").to_string();
        assert!(error.starts_with(why), "--fail {step}: {error}");
        assert_eq!(audit.to_string(), "audit: nothing is left of it", "--fail {step}: {journal:?}");
    }
}

#[tokio::test]
async fn a_trip_is_booked_or_undone() {
    booked_or_undone(sagaflow::connect("embedded:").await.expect("memory")).await;
}

#[tokio::test]
async fn a_trip_is_booked_or_undone_over_nats() {
    let server = NatsServer::start().await;
    booked_or_undone(sagaflow::connect(&server.url()).await.expect("the server answers")).await;
}

/// A world for each run, in which one hotel is full.
fn lab() -> Lab {
    let mut lab = Lab::new();
    lab.provide_all(|| {
        let journal = Arc::new(Journal::default());
        let agency = Agency { flaky: 0, latency: Duration::from_secs(1), ..options(&[]).agency(journal.clone()) };
        Dependencies::new().with(agency).with_shared(journal)
    });
    lab.observe(|journal: &Journal| format!("{journal:#?}"));
    lab
}

/// What it says that it has booked, and nothing else; or nothing at all.
fn whole_or_nothing(run: &Run<trip>) {
    let journal = run.get::<Journal>();
    for (id, outcome) in run.outcomes() {
        let expected = match outcome.expect("it comes to its end") {
            Ok(booked) => {
                let bookings = [&booked.car, &booked.hotel, &booked.flight].map(ToString::to_string);
                let others = [format!("{} euros from Ada", booked.paid), format!("a mail to Ada: {booked}")];
                bookings.into_iter().chain(others).collect()
            }
            Err(_) => Vec::new(),
        };
        let audit = Audit::of(journal, &format!("trip/{id}"), expected);
        assert!(audit.is_right(), "{audit}");
    }
}

#[test]
fn a_trip_survives_every_crash() {
    lab().check(trip(options(&[]).wish())).assert_every_crash_resumes();
}

#[test]
fn a_trip_does_nothing_twice() {
    lab().check(trip(options(&[]).wish())).assert_steps_idempotent();
}

#[test]
fn a_trip_is_whole_or_nothing_whatever_happens() {
    let check = lab().check(trip(options(&[]).wish())).every_crash().every_delay().every_failure();
    check.pairs(60).random(30).assert_all(whole_or_nothing);
}

#[test]
#[should_panic(expected = "what was done is NOT what it should be: 0 missing, 1 too many")]
fn a_car_that_is_not_given_back_is_found() {
    let mut lab = lab();
    lab.step::<cancel>().returns(Ok(()));
    lab.check(trip(options(&[]).wish())).plan("fail any_hotel/book_hotel/2 with NoAnswer").assert_all(whole_or_nothing);
}
