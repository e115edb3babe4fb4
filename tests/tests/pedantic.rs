//! Generated code is silent under the strictest lints of a user's: clippy sees to this file.
#![deny(warnings, missing_docs, clippy::all, clippy::pedantic, clippy::nursery)]

use std::collections::BTreeMap;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

/// What is ordered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// How many of which item.
    pub lines: BTreeMap<String, u32>,
    /// How it is paid.
    pub payment: Payment,
}

/// How an order is paid.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Payment {
    /// With a card.
    Card(String),
    /// Later.
    Invoice {
        /// To this address.
        address: String,
    },
}

/// Takes items from stock.
///
/// # Errors
///
/// When there are too few.
#[step]
#[retry(exponential, base = "1ms", factor = 1.0, max_attempts = 3)]
#[compensate(release(item, output))]
pub async fn reserve(#[inject] stock: &u32, item: String, count: u32) -> Result<u32, Failure> {
    let _ = item;
    if count > *stock { Err(Failure::new("too few").terminal()) } else { Ok(count) }
}

/// Gives items back.
#[step]
pub async fn release(item: String, count: u32) {
    let _ = (item, count);
}

/// Orders.
///
/// # Errors
///
/// When a step fails.
#[saga]
pub async fn order(order: Order, mut limit: u32) -> Result<u32, Failure> {
    let mut total = 0;
    'lines: for (name, count) in &order.lines {
        let mut left = *count;
        while left > 0 && total < 100 {
            let Some(next) = left.checked_sub(1) else { break 'lines };
            total += reserve(name.clone(), 1).await?;
            left = next;
        }
    }
    match &order.payment {
        Payment::Card(number) if number.is_empty() => return Err(Failure::new("no card")),
        Payment::Card(number) => {
            limit = reserve(number.clone(), 1).await?;
            limit += u32::try_from(number.len()).unwrap_or(0);
        }
        Payment::Invoice { address } => release(address.clone(), total).await,
    }
    let found = loop {
        limit += 1;
        if reserve("card".to_owned(), limit).await.is_err() {
            break limit;
        }
    };
    Ok(total + found)
}

/// Waits for whole expressions, in brackets.
///
/// # Errors
///
/// When a step fails.
#[saga]
pub async fn refill(item: String, count: u32) -> Result<u32, Failure> {
    let many = (if count > 3 { reserve(item.clone(), 3) } else { reserve(item.clone(), count) }).await?;
    let few = (match many {
        3 => reserve(item.clone(), 2),
        _ => reserve(item.clone(), 1),
    })
    .await?;
    let rest = ({
        let left = count.saturating_sub(many + few);
        reserve(item, left.min(1))
    })
    .await?;
    Ok(many + few + rest)
}

#[tokio::test]
async fn brackets_change_nothing() {
    let stock = Dependencies::new().with(5u32);
    assert_eq!(stock.clone().scope(refill("a".to_owned(), 9).inline()).await.unwrap(), 6);
    assert_eq!(stock.scope(refill("a".to_owned(), 2).inline()).await.unwrap(), 3);
}

#[tokio::test]
async fn it_does_what_it_says() {
    let lines = BTreeMap::from([("a".to_owned(), 2), ("b".to_owned(), 1)]);
    let stock = Dependencies::new().with(5u32);
    let call = order(Order { lines, payment: Payment::Card("1".to_owned()) }, 0);
    assert_eq!(stock.scope(call.inline()).await.unwrap(), 9);
}
