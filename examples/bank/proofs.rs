//! What the test kit proves of the saga: whatever happens, a transfer is whole, or undone. The databases are played here: what a
//! transaction writes is there once, as the note beside it says.

use std::collections::BTreeSet;
use std::sync::Mutex;

use sagaflow::Dependencies;
use sagaflow::testing::{Lab, Run};

use crate::domain::{Account, Order, Refusal, Side};
use crate::ledger::on_sqlite::{
    credit_left, credit_right, debit_left, debit_right, refund_left, refund_right, transfer,
};

/// What stands in the books: of which transfer, and of which kind.
#[derive(Debug, Default)]
struct Books(Mutex<BTreeSet<(String, &'static str)>>);

impl Books {
    fn write(&self, order: &Order, kinds: &[&'static str]) -> Result<(), Refusal> {
        let mut entries = self.0.lock().expect("nobody panics with it");
        entries.extend(kinds.iter().map(|kind| (order.id.clone(), *kind)));
        Ok(())
    }

    /// There may be nothing to give back.
    fn refund(&self, order: &Order) -> Result<(), Refusal> {
        if self.kinds(&order.id).contains(&"debit") { self.write(order, &["fee back", "refund"]) } else { Ok(()) }
    }

    fn kinds(&self, transfer: &str) -> Vec<&'static str> {
        let entries = self.0.lock().expect("nobody panics with it");
        entries.iter().filter(|(of, _)| of == transfer).map(|(_, kind)| *kind).collect()
    }
}

fn lab() -> Lab {
    fn books(world: &Dependencies) -> &Books {
        world.get::<Books>().expect("the lab has them")
    }
    let mut lab = Lab::new();
    lab.only_mocks().world(Books::default);
    lab.step::<debit_left>().answers_with(|call, world| books(world).write(&call.order, &["debit", "fee"]));
    lab.step::<debit_right>().answers_with(|call, world| books(world).write(&call.order, &["debit", "fee"]));
    lab.step::<refund_left>().answers_with(|call, world| books(world).refund(&call.order));
    lab.step::<refund_right>().answers_with(|call, world| books(world).refund(&call.order));
    lab.step::<credit_left>().answers_with(|call, world| books(world).write(&call.order, &["credit"]));
    lab.step::<credit_right>().answers_with(|call, world| books(world).write(&call.order, &["credit"]));
    lab
}

/// From the left to the right.
fn order(number: u32) -> Order {
    let account = |side| Account { side, number: i64::from(number) };
    Order { id: format!("transfer-{number}"), from: account(Side::Left), to: account(Side::Right), amount: 500 }
}

fn whole_or_undone(run: &Run<transfer>) {
    let books = run.get::<Books>();
    for (number, (instance, outcome)) in (1..).zip(run.outcomes()) {
        let kinds = books.kinds(&order(number).id);
        match outcome.expect("it is neither stuck nor paused") {
            Ok(amount) => assert_eq!((*amount, &*kinds), (500, &["credit", "debit", "fee"][..]), "{instance}"),
            Err(_) => {
                let undone = kinds.is_empty() || kinds == ["debit", "fee", "fee back", "refund"];
                assert!(undone, "{instance}: {kinds:?}");
            }
        }
    }
}

#[test]
fn a_transfer_is_whole_or_undone_whatever_happens() {
    let check = lab().check(transfer(order(1))).every_crash().every_delay().every_failure();
    check.pairs(60).random(30).others(|number| transfer(order(number))).assert_all(whole_or_undone);
}

#[test]
fn every_crash_comes_to_the_same_end() {
    lab().check(transfer(order(1))).assert_every_crash_resumes();
}

#[test]
fn every_failure_gives_the_money_back() {
    let refused = |plan: &str| {
        lab().check(transfer(order(1))).plan(plan).assert_all(|run| {
            whole_or_undone(run);
            let kinds = run.get::<Books>().kinds("transfer-1");
            assert!(!run.failed() || kinds.contains(&"refund"), "{kinds:?}");
        });
    };
    refused("fail credit_right/2 with Closed");
    refused("fail credit_right/2 with Database");
}
