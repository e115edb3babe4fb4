//! A shop whose bugs can be switched on.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::testing::Lab;
use crate::{Failure, StepContext, saga, step};

/// What is wrong with the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Bug {
    #[default]
    None,
    /// `charge` takes no notice of its key.
    ChargesTwice,
    /// `release` forgets the second item.
    ForgetsAnItem,
    /// `charge` takes longer than its timeout.
    Slow,
    /// `refund` gives the money back each time that it is asked.
    RefundsTwice,
}

/// The world: what there is, by idempotency key.
#[derive(Debug, Default)]
pub(super) struct Shop {
    pub(super) bug: Bug,
    pub(super) things: Mutex<BTreeMap<String, String>>,
    pub(super) cents: Mutex<i64>,
}

impl Shop {
    pub(super) fn has(&self, what: &str) -> usize {
        self.things.lock().unwrap().values().filter(|thing| thing.starts_with(what)).count()
    }

    fn make(&self, key: &str, thing: String) -> bool {
        self.things.lock().unwrap().insert(key.to_owned(), thing).is_none()
    }

    fn remove(&self, thing: &str) {
        self.things.lock().unwrap().retain(|_, other| other != thing);
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PaymentError {
    Declined,
    Unreachable { bank: String },
}

impl fmt::Display for PaymentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declined => f.write_str("the card was declined"),
            Self::Unreachable { bank } => write!(f, "{bank} does not answer"),
        }
    }
}

impl From<Failure> for PaymentError {
    fn from(failure: Failure) -> Self {
        Self::Unreachable { bank: failure.to_string() }
    }
}

#[step]
#[compensate(release(output))]
pub(super) async fn reserve(
    #[inject] shop: &Shop,
    #[inject] cx: &StepContext,
    item: String,
) -> Result<String, Failure> {
    shop.make(cx.key().as_str(), format!("reserved {item}"));
    Ok(item)
}

#[step]
#[retry(fixed, delay = "1m", max_attempts = 5)]
pub(super) async fn release(#[inject] shop: &Shop, item: String) -> Result<(), Failure> {
    if shop.bug != Bug::ForgetsAnItem || item != "pen" {
        shop.remove(&format!("reserved {item}"));
    }
    Ok(())
}

#[step]
#[retry(fixed, delay = "1m", max_attempts = 3, timeout = "10s", unless(PaymentError::Declined))]
#[compensate(refund(cents))]
pub(super) async fn charge(#[inject] shop: &Shop, #[inject] cx: &StepContext, cents: i64) -> Result<i64, PaymentError> {
    if shop.bug == Bug::Slow {
        tokio::time::sleep(Duration::from_secs(11)).await;
    }
    let is_new = shop.make(cx.key().as_str(), format!("paid {cents}"));
    if is_new || shop.bug == Bug::ChargesTwice {
        *shop.cents.lock().unwrap() += cents;
    }
    Ok(cents)
}

/// There may be nothing to give back.
#[step]
#[retry(fixed, delay = "1m", max_attempts = 5)]
pub(super) async fn refund(#[inject] shop: &Shop, #[inject] cx: &StepContext, cents: i64) -> Result<(), Failure> {
    let paid = shop.things.lock().unwrap().remove(cx.key().as_str()).is_some();
    if paid || shop.bug == Bug::RefundsTwice {
        *shop.cents.lock().unwrap() -= cents;
    }
    Ok(())
}

#[step]
#[retry(fixed, delay = "1h", max_attempts = 3)]
pub(super) async fn send(#[inject] shop: &Shop, #[inject] cx: &StepContext, items: Vec<String>) -> Result<(), Failure> {
    shop.make(cx.key().as_str(), format!("sent {}", items.join(", ")));
    Ok(())
}

#[saga]
pub(super) async fn order(items: Vec<String>, cents: i64) -> Result<i64, PaymentError> {
    let mut reserved = Vec::new();
    for item in items {
        reserved.push(reserve(item).await?);
    }
    let paid = charge(cents).await?;
    send(reserved).await?;
    Ok(paid)
}

/// The items of an order.
pub(super) fn items() -> Vec<String> {
    vec!["book".to_owned(), "pen".to_owned()]
}

/// A lab with a shop that has a bug.
pub(super) fn lab(bug: Bug) -> Lab {
    let mut lab = Lab::new();
    lab.world(move || Shop { bug, ..Shop::default() });
    lab
}
