//! The sagas that the tests start.

use std::sync::atomic::{AtomicU32, Ordering};

use sagaflow::prelude::*;
use tokio::sync::watch;

/// How steps are to go, and what they have done.
#[derive(Debug, Default)]
pub(crate) struct Shop {
    /// So many attempts are to fail.
    pub(crate) failures: AtomicU32,
    /// Attempts wait while it is.
    pub(crate) closed: watch::Sender<bool>,
    pub(crate) paid: AtomicU32,
}

/// Fails as often as the shop says; the delay is longer than what is kept as an open delivery.
#[step]
#[retry(fixed, delay = "6s", max_attempts = 5)]
pub(crate) async fn pay(#[inject] shop: &Shop, amount: u64) -> Result<u64, Failure> {
    let _ = shop.closed.subscribe().wait_for(|closed| !closed).await;
    let left = shop.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    if left.is_ok() {
        return Err(Failure::new("not now"));
    }
    shop.paid.fetch_add(1, Ordering::Relaxed);
    Ok(amount)
}

#[saga(history = "1h")]
pub(crate) async fn checkout(amount: u64) -> Result<u64, Failure> {
    assert!(amount != 13, "an unlucky amount");
    let once = pay(amount).await?;
    emit(&once);
    let twice = pay(once + 1).await?;
    Ok(twice)
}

#[step]
pub(crate) async fn compare(one: String, other: String) -> bool {
    one == other
}

/// Its first record holds its argument twice.
#[saga]
pub(crate) async fn doubling(text: String) -> Result<bool, Failure> {
    Ok(compare(text.clone(), text).await)
}
