//! What the lock file looks like, and what is said when a change would strand instances.

use std::path::Path;

use sagaflow::definition::SagaDefinition;
use sagaflow::prelude::*;
use sagaflow::testing::lock;
use serde::{Deserialize, Serialize};

use crate::support::{book, note, pay};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Item {
    article: String,
    cents: u32,
    #[serde(default)]
    gift: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Payment {
    Card { number: String, valid_until: Option<String> },
    Cash,
    Invoice(String, u8),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    customer: String,
    items: Vec<Item>,
    payment: Payment,
}

#[saga]
async fn deliver(place: String) -> Result<String, Failure> {
    let place = book(place).await?;
    sleep("1d").await;
    Ok(place)
}

/// A saga with one of each.
#[saga(version = 2, keep = [note])]
async fn shop(order: Order, #[saga(default)] voucher: Option<u32>) -> Result<u32, Failure> {
    let mut total = 0;
    for item in &order.items {
        total += pay(item.cents).timeout("1h").await?;
    }
    let (place, paid) = sagaflow::join!(deliver(order.customer.clone()), pay(total)).await;
    let _ = place?;
    book(format!("{:?} {}", order.payment, voucher.unwrap_or(paid))).await?;
    Ok(total)
}

fn file() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/evolution/sagas.lock")).unwrap()
}

/// The file of this repository: one that is written by `SAGAFLOW_BLESS=1`, and read here.
#[test]
fn the_lock_file_is_readable() {
    lock!(file = "tests/evolution/sagas.lock", shop);
    let file = &*file();
    for line in [
        "saga shop version 2",
        "      items: [Item { article: string, cents: u32, gift?: bool }],",
        "        Card { number: string, valid_until?: string? },",
        "  state pay",
        "    awaits Timeout<Call>",
        "    after @start, pay",
        "    @position_of_item: u64",
        "    order.customer: string",
        "    default voucher: u32?",
        "  nested deliver",
        "    undone by free",
    ] {
        assert!(file.lines().any(|found| found == line), "{line}\n\n{file}");
    }
    assert_eq!(lock::compare(file, &[SagaDefinition::of::<shop>()]), Ok(Vec::new()));
}

#[test]
fn a_saga_that_is_not_listed_any_more() {
    let other = [SagaDefinition::of::<deliver>()];
    let said = lock::compare(&file(), &other).unwrap();
    assert_eq!(said, ["saga `shop` is locked, and not listed any more"]);
}

#[test]
fn a_file_that_can_not_be_read() {
    let shop = [SagaDefinition::of::<shop>()];
    for (file, says) in [
        ("format 2\n", "line 1: this is a lock file of format 2: a newer version of sagaflow has made it"),
        ("format 1\nsaga shop\n  state pay\n    total u32\n", "line 4: `total u32` is not known here"),
        ("format 1\nsaga shop\n  state pay\n    total: [u32\n", "line 4: `]` is expected where `` stands"),
        ("format 1\nstate pay\n", "line 2: this belongs to a saga"),
    ] {
        assert_eq!(lock::compare(file, &shop), Err(says.to_owned()));
    }
}

/// One that has children, and the same when it has others.
mod postman {
    use super::*;

    #[saga]
    pub(super) async fn round(place: String) -> Result<String, Failure> {
        let delivered = deliver(place.clone()).child().outcome().await;
        deliver(place).detach().await;
        delivered.map_err(Failure::from)
    }

    pub(super) mod later {
        use super::*;

        #[saga]
        pub(in super::super) async fn collect(place: String) -> Result<String, Failure> {
            book(place).await
        }

        #[saga]
        pub(in super::super) async fn round(place: String) -> Result<String, Failure> {
            #[saga(state = "deliver")]
            let delivered = collect(place.clone()).child().outcome().await;
            deliver(place).detach().await;
            delivered.map_err(Failure::from)
        }
    }
}

#[test]
fn children_stand_in_the_lock_file() {
    let file = lock::describe(&[SagaDefinition::of::<postman::round>()]);
    for line in ["    awaits CaughtChild", "    awaits Detach", "    calls child deliver"] {
        assert!(file.lines().any(|found| found == line), "{line}\n\n{file}");
    }
    assert!(!file.contains("nested"), "a child has a lock of its own: {file}");
    assert_eq!(lock::compare(&file, &[SagaDefinition::of::<postman::round>()]), Ok(Vec::new()));
    let said = lock::compare(&file, &[SagaDefinition::of::<postman::later::round>()]).unwrap();
    assert!(
        said.iter().any(|said| said.contains("waits for child `collect`, and the record for child `deliver`")),
        "{said:?}"
    );
}
