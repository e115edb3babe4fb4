//! What the test kit proves of the checkout: it survives every crash, undoes itself after every failure, and does nothing twice.
//! And that it would find the bugs that it is there for.

use std::sync::Arc;
use std::time::Duration;

use sagaflow::Dependencies;
use sagaflow::testing::{Lab, Run};

use crate::domain::{Card, Item, Money, Order};
use crate::ledger::{Ledger, Thing};
use crate::saga::checkout;
use crate::services::{Gateway, OrderDesk, Users, Warehouse};
use crate::steps::release;

/// The services with an empty ledger for each run, and what is in it.
fn lab(latency: Duration) -> Lab {
    let mut lab = Lab::new();
    lab.provide_all(move || {
        let ledger = Arc::new(Ledger::default());
        Dependencies::new()
            .with(Users(ledger.clone()))
            .with(Warehouse(ledger.clone()))
            .with(OrderDesk(ledger.clone()))
            .with(Gateway { ledger: ledger.clone(), latency })
            .with_shared(ledger)
    });
    lab.observe(|ledger: &Ledger| {
        let books = ledger.books();
        let mut instances = books.instances();
        instances.sort();
        let things = |instance: &String| books.live(instance).map(Thing::to_string).collect::<Vec<_>>();
        instances.iter().flat_map(things).collect::<Vec<_>>().join("\n")
    });
    lab
}

/// Two clocks and a pen, for Ada and those after her.
fn order(number: u32) -> Order {
    let item = |article: &str, quantity, cents| Item { article: article.to_owned(), quantity, price: Money(cents) };
    Order {
        id: format!("order-{number}"),
        name: format!("Ada {number}"),
        card: Card("4000".to_owned()),
        items: vec![item("clock", 2, 4200), item("pen", 1, 150)],
    }
}

/// Whatever happens: all of it, or nothing.
fn all_or_nothing(run: &Run<checkout>) {
    let books = run.get::<Ledger>().books();
    for (instance, outcome) in run.outcomes() {
        let kind = |thing: &Thing| thing.to_string().split(' ').next().unwrap_or_default().to_owned();
        let mut left: Vec<_> = books.live(instance).map(kind).collect();
        left.sort();
        match outcome.expect("it is neither stuck nor paused") {
            Ok(_) => assert_eq!(left, ["order", "payment", "reserved", "reserved", "user"]),
            Err(_) => assert_eq!(left, [""; 0]),
        }
    }
}

#[test]
fn checkout_survives_every_crash() {
    lab(Duration::ZERO).check(checkout(order(1))).assert_every_crash_resumes();
}

#[test]
fn checkout_undoes_itself_after_every_failure() {
    lab(Duration::ZERO).check(checkout(order(1))).assert_every_failure_unwinds();
}

#[test]
fn checkout_does_nothing_twice() {
    lab(Duration::ZERO).check(checkout(order(1))).assert_steps_idempotent();
}

#[test]
fn checkout_is_all_or_nothing_whatever_happens() {
    let check = lab(Duration::from_secs(1)).check(checkout(order(1)));
    check
        .every_crash()
        .every_delay()
        .every_failure()
        .pairs(100)
        .random(50)
        .others(|number| checkout(order(number)))
        .assert_all(all_or_nothing);
}

#[test]
#[should_panic(expected = "`release` has not undone what `reserve` (reserve/2) did:")]
fn a_release_that_releases_nothing_is_found() {
    let mut lab = lab(Duration::ZERO);
    lab.step::<release>().returns(Ok(()));
    lab.check(checkout(order(1))).assert_every_failure_unwinds();
}

#[test]
#[should_panic(expected = "its timeout is too short for what it does, or it never ends")]
fn a_gateway_that_is_slower_than_the_timeout_is_found() {
    lab(Duration::from_secs(11)).check(checkout(order(1))).assert_every_crash_resumes();
}
