//! The sagas of the tests; their steps write what they do into a journal.

use std::time::Duration;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use super::stage::Journal;

/// Where to go, and what goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Trip {
    pub(crate) places: Vec<String>,
    /// The step that fails for good.
    pub(crate) fails: String,
    /// How often paying fails before it succeeds.
    pub(crate) stumbles: u32,
}

#[step]
#[compensate(cancel(place))]
pub(crate) async fn book(#[inject] journal: &Journal, place: String) -> Result<String, Failure> {
    journal.write(format!("book {place}")).await;
    Ok(place)
}

#[step]
pub(crate) async fn cancel(#[inject] journal: &Journal, place: String) {
    journal.write(format!("cancel {place}")).await;
}

#[step]
#[retry(fixed, delay = "60ms", max_attempts = 5)]
#[compensate(give_back(amount))]
pub(crate) async fn pay(
    #[inject] journal: &Journal,
    #[inject] cx: &StepContext,
    amount: usize,
    stumbles: u32,
    fails: bool,
) -> Result<usize, Failure> {
    journal.write(format!("pay {amount}")).await;
    if fails {
        return Err(Failure::new("no money").terminal());
    }
    if cx.attempt() <= stumbles {
        return Err(Failure::new("busy"));
    }
    Ok(amount)
}

#[step]
pub(crate) async fn give_back(#[inject] journal: &Journal, amount: usize) {
    journal.write(format!("give back {amount}")).await;
}

#[saga]
pub(crate) async fn trip(request: Trip) -> Result<String, Failure> {
    let mut booked = Vec::new();
    for place in request.places {
        booked.push(book(place).await?);
    }
    let paid = pay(booked.len(), request.stumbles, request.fails == "pay").await?;
    Ok(format!("{}; paid {paid}", booked.join(", ")))
}

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1, timeout = "20ms")]
pub(crate) async fn dawdle() -> Result<(), Failure> {
    tokio::time::sleep(Duration::from_secs(3600)).await;
    Ok(())
}

#[saga]
pub(crate) async fn hurried(patient: bool) -> Result<String, Failure> {
    if patient {
        match dawdle().outcome().await {
            Ok(()) => return Ok("done".to_owned()),
            Err(error) => return Ok(error.to_string()),
        }
    }
    dawdle().await?;
    Ok("done".to_owned())
}

/// Its worker is killed while it runs.
#[step]
pub(crate) async fn poison(#[inject] journal: &Journal) {
    journal.write("poison".to_owned()).await;
    std::future::pending::<()>().await;
}

#[saga]
pub(crate) async fn poisoned() -> Result<(), Failure> {
    poison().await;
    Ok(())
}

#[step]
pub(crate) async fn sit() -> String {
    "sat".to_owned()
}

#[step]
pub(crate) async fn stroll() -> String {
    "strolled".to_owned()
}

/// The older version.
#[saga]
pub(crate) async fn outing() -> Result<String, Failure> {
    let sat = sit().await;
    Ok(sat)
}

#[step]
pub(crate) async fn sing() -> String {
    "sang".to_owned()
}

/// The newer one: the older knows none of its states.
#[saga(name = "outing")]
pub(crate) async fn outing_next() -> Result<String, Failure> {
    let strolled = stroll().await;
    let sang = sing().await;
    Ok(format!("{strolled} and {sang}"))
}

/// Keeps more than a record holds.
#[saga]
pub(crate) async fn greedy(bytes: u64) -> Result<usize, Failure> {
    sit().await;
    let hoard = "x".repeat(bytes as usize);
    stroll().await;
    Ok(hoard.len())
}

#[step]
#[retry(fixed, delay = "60ms", max_attempts = 2)]
#[compensate(refund(amount))]
pub(crate) async fn withdraw(
    #[inject] journal: &Journal,
    #[inject] cx: &StepContext,
    amount: u32,
) -> Result<u32, Failure> {
    journal.write(cx.key().to_string()).await;
    Err(Failure::new(format!("no {amount}")))
}

#[step]
pub(crate) async fn refund(#[inject] journal: &Journal, #[inject] cx: &StepContext, amount: u32) {
    journal.write(format!("refund {}", cx.key())).await;
    let _ = amount;
}

#[saga]
pub(crate) async fn spare() -> Result<u32, Failure> {
    withdraw(5).await
}

#[step]
#[retry(fixed, delay = "5500ms", jitter = none, max_attempts = 2)]
pub(crate) async fn rest(#[inject] journal: &Journal, #[inject] cx: &StepContext) -> Result<u32, Failure> {
    journal.write(format!("rest {}", cx.attempt())).await;
    if cx.attempt() == 1 { Err(Failure::new("tired")) } else { Ok(cx.attempt()) }
}

#[saga]
pub(crate) async fn leisurely() -> Result<u32, Failure> {
    rest().await
}
