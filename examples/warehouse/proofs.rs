//! What the tests prove of the warehouse: each item is packed once, on both transports and through every crash and failure.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use indicatif::ProgressBar;
use sagaflow::prelude::*;
use sagaflow::testing::{Lab, Run};
use sagaflow_examples::{Audit, Journal};
use sagaflow_tests::NatsServer;

use crate::carry_out_order;
use crate::domain::{Order, notice};
use crate::hall::Hall;
use crate::options::Options;
use crate::saga::ship;
use crate::steps::{apologize, pack};

fn options(arguments: &[&str]) -> Options {
    Options::parse_from(["warehouse", "--item-ms", "0"].iter().chain(arguments))
}

/// Many jams, and a customer who waits for ever, or not at all.
async fn each_item_once(transport: Arc<dyn Transport>) {
    for (id, patience, boxes) in [("patient", "60000", "200 items in 9 boxes to Grace"), ("hasty", "1", "")] {
        let options = options(&["--items", "200", "--flaky", "4", "--id", id, "--patience-ms", patience]);
        let journal = Arc::new(Journal::default());
        let bar = ProgressBar::hidden();
        let (ended, audit) = carry_out_order(&options, &transport, journal.clone(), &bar).await.expect("it ends");
        let shipment = ended.outcome.expect("it is shipped").to_string();
        assert!(shipment.starts_with(boxes) && audit.is_right(), "{shipment}\n{audit}");
        assert!(ended.status.attempts > 8, "the robot jams: {} attempts", ended.status.attempts);
        assert_eq!(journal.repeats(), 0, "an attempt that fails takes along how far it has come");
    }
}

#[tokio::test]
async fn each_item_is_packed_once() {
    each_item_once(sagaflow::connect("embedded:").await.expect("memory")).await;
}

#[tokio::test]
async fn each_item_is_packed_once_over_nats() {
    let server = NatsServer::start().await;
    each_item_once(sagaflow::connect(&server.url()).await.expect("the server answers")).await;
}

fn order(patience: Duration) -> Order {
    let patience_ms = patience.as_millis().try_into().expect("less than an age");
    Order { patience_ms, ..options(&["--items", "3"]).order() }
}

/// A world for each run; an item takes a second.
fn lab() -> Lab {
    let mut lab = Lab::new();
    furnish(&mut lab);
    lab
}

fn furnish(lab: &mut Lab) {
    lab.provide_all(|| {
        let journal = Arc::new(Journal::default());
        let hall = Hall { flaky: 0, each: Duration::from_secs(1), ..options(&[]).hall(journal.clone()) };
        Dependencies::new().with(hall).with_shared(journal)
    });
    lab.observe(|journal: &Journal| format!("{journal:#?}"));
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn an_order_survives_every_crash() {
    lab().check(ship(order(HOUR))).assert_every_crash_resumes();
}

#[test]
fn an_order_undoes_itself_after_every_failure() {
    lab().check(ship(order(HOUR))).assert_every_failure_unwinds();
}

#[test]
fn an_order_does_nothing_twice() {
    lab().check(ship(order(HOUR))).assert_steps_idempotent();
}

/// All items, or none; and the mail to a customer who has waited, which nobody takes back.
fn whole_or_nothing(run: &Run<ship>) {
    let journal = run.get::<Journal>();
    for (id, outcome) in run.outcomes() {
        let mut expected: Vec<_> = match outcome.expect("it comes to its end") {
            Ok(shipment) => {
                assert!(!shipment.late || journal.count(&format!("ship/{id}"), "a mail") == 1);
                let items = ["item 0001, a lamp", "item 0002, a clock", "item 0003, a chair"];
                let others = ["1 boxes on their way to Grace", "60 euros from Grace"];
                items.iter().chain(&others).map(|what| (*what).to_owned()).collect()
            }
            Err(_) => Vec::new(),
        };
        expected.extend((journal.count(&format!("ship/{id}"), "a mail") > 0).then(|| notice("Grace")));
        let audit = Audit::of(journal, &format!("ship/{id}"), expected);
        assert!(audit.is_right(), "{audit}");
    }
}

#[test]
fn an_order_that_takes_longer_is_whole_or_nothing_whatever_happens() {
    let check = lab().check(ship(order(Duration::from_secs(2)))).every_crash().every_delay().every_failure();
    check.pairs(60).random(30).assert_all(whole_or_nothing);
}

#[sagaflow::test]
async fn the_customer_is_told_while_packing_goes_on(mut lab: Lab) {
    furnish(&mut lab);
    let run = lab.run(ship(order(Duration::from_secs(2)))).await;
    assert!(run.outcome().expect("an end").as_ref().expect("a shipment").late);
    assert_eq!((run.calls::<pack>().len(), run.calls::<apologize>().len()), (1, 1), "{}", run.story());
    assert_eq!(run.took(), Duration::from_secs(3), "{}", run.story());
}
