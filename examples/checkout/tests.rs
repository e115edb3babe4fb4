//! Unit tests of the example: its steps and saga run inline, without a transport.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use sagaflow::{Dependencies, Status};

use crate::audit::Audit;
use crate::domain::{Card, CheckoutError, Order, PaymentError, Receipt, UserError};
use crate::drive::Settled;
use crate::generate::{self, DECLINED_CARD, TAKEN_NAMES};
use crate::ledger::Ledger;
use crate::orders;
use crate::saga::checkout;
use crate::services::{Gateway, OrderDesk, Users, Warehouse};

/// An order that goes through. It has one item: in an inline run all calls of a step have the same idempotency key.
fn order() -> Order {
    let usual = |order: &Order| {
        order.card.0 != DECLINED_CARD && !TAKEN_NAMES.contains(&order.name.as_str()) && order.items.len() == 1
    };
    generate::orders(7).find(usual).expect("most are usual")
}

/// Runs a checkout inline; the gateway answers the first attempt of this key.
async fn run(ledger: &Arc<Ledger>, order: Order) -> Result<Receipt, CheckoutError> {
    Dependencies::new()
        .with(Users(ledger.clone()))
        .with(Warehouse(ledger.clone()))
        .with(OrderDesk(ledger.clone()))
        .with(Gateway { ledger: ledger.clone(), latency: Duration::ZERO })
        .scope(checkout(order).inline())
        .await
}

fn settled(status: Status, receipt: Option<Receipt>) -> Settled {
    Settled { id: "inline".to_owned(), status, receipt, attempts: 4, steps: 4 }
}

#[test]
fn the_shipped_orders_are_the_generators() {
    let (shipped, malformed) = orders::read(orders::SHIPPED);
    assert!(malformed.is_empty(), "{malformed:?}");
    assert_eq!(shipped, generate::orders(1).take(1000).collect::<Vec<_>>());
    let declined = shipped.iter().filter(|order| order.card.0 == DECLINED_CARD).count();
    let taken = shipped.iter().filter(|order| TAKEN_NAMES.contains(&order.name.as_str())).count();
    assert!(declined > 20 && taken > 10, "{declined} declined, {taken} taken");
}

#[test]
fn malformed_lines_are_reported_by_number_and_stop_nothing() {
    let line = |id: &str| {
        let order = Order { id: id.to_owned(), ..order() };
        serde_json::to_string(&order).expect("orders are JSON")
    };
    let empty = r#"{"id":"e","name":"n","card":"c","items":[]}"#;
    let jsonl =
        format!("{}\nnot json\n\n{}\r\n{}\n{}\n{empty}\n\u{feff}", line("a"), line("b"), line("a"), line("with space"));
    let (orders, malformed) = orders::read(jsonl.as_bytes());
    assert_eq!(orders.iter().map(|order| order.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let lines: Vec<_> = malformed.iter().map(|malformed| malformed.line).collect();
    assert_eq!(lines, [2, 5, 6, 7, 8]);
    assert_eq!(malformed[0].to_string(), "line 2: expected ident at column 2");
    assert_eq!(malformed[1].why, "the order `a` is already in line 1");
    assert_eq!(malformed[3].why, "the order `e` has no items");
}

#[tokio::test]
async fn a_checkout_makes_what_its_receipt_says() {
    let ledger = Arc::new(Ledger::default());
    let receipt = run(&ledger, order()).await.expect("a usual order");
    let audit = Audit::of(&[settled(Status::Completed, Some(receipt.clone()))], |id| ledger.live(id));
    assert_eq!(audit.differences, Vec::<String>::new());

    let audit = Audit::of(&[settled(Status::Compensated, None)], |id| ledger.live(id));
    assert_eq!(audit.differences, [format!("inline: has failed, but user {} is left of it", receipt.user)]);
}

#[tokio::test]
async fn what_cannot_be_had_is_an_error_of_its_own() {
    let ledger = Arc::new(Ledger::default());
    let taken = run(&ledger, Order { name: TAKEN_NAMES[0].to_owned(), ..order() }).await;
    assert_eq!(taken, Err(CheckoutError::User(UserError::NameTaken { name: TAKEN_NAMES[0].to_owned() })));
    let declined = run(&ledger, Order { card: Card(DECLINED_CARD.to_owned()), ..order() }).await;
    assert_eq!(declined, Err(CheckoutError::Payment(PaymentError::Declined)));
}

#[tokio::test]
async fn the_audit_finds_a_payment_too_many() {
    let ledger = Arc::new(Ledger::default());
    let receipt = run(&ledger, order()).await.expect("a usual order");
    let wrong = Receipt { payment: receipt.payment + 1, ..receipt };
    let audit = Audit::of(&[settled(Status::Completed, Some(wrong))], |id| ledger.live(id));
    assert_eq!(audit.differences.len(), 1);
    assert!(
        audit.to_string().starts_with("audit: the ledger and the outcomes do NOT agree; 1 differences:\n  inline: ")
    );
}

#[tokio::test]
async fn the_ledger_is_read_back_without_the_line_that_a_crash_cut_short() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("ledger.jsonl");
    let ledger = Arc::new(Ledger::open(&path).expect("a new ledger"));
    assert!(Ledger::open(&path).expect_err("it is in use").to_string().contains("another process"));
    let receipt = run(&ledger, order()).await.expect("a usual order");
    drop(ledger);

    let mut journal = std::fs::OpenOptions::new().append(true).open(&path).expect("the journal");
    journal.write_all(br#"{"made":{"instance":"inline","key":"inline/create_u"#).expect("written");
    let ledger = Arc::new(Ledger::open(&path).expect("the ledger of before"));
    let audit = |ledger: &Ledger| Audit::of(&[settled(Status::Completed, Some(receipt.clone()))], |id| ledger.live(id));
    assert_eq!(audit(&ledger).differences, Vec::<String>::new());
    // The same keys: nothing is made a second time.
    assert_eq!(run(&ledger, order()).await.expect("a usual order").payment, receipt.payment);
    drop(ledger);
    assert_eq!(audit(&Ledger::look_at(&path).expect("readable")).differences, Vec::<String>::new());
}

/// What instances that run have in their records: `sagas.lock`. A change that they would not survive fails here.
#[test]
fn instances_that_run_survive_this_code() {
    sagaflow::testing::lock!(checkout);
}
