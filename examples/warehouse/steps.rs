//! The steps: each does one thing, and says how it is retried and undone.

use sagaflow::prelude::*;

use crate::domain::{BOX, notice, price};
use crate::hall::Hall;

#[step]
#[retry(exponential, base = "100ms", max_delay = "2s", max_attempts = 20)]
#[compensate(pay_back(customer, items))]
pub(crate) async fn charge(
    #[inject] hall: &Hall,
    #[inject] cx: &StepContext,
    customer: String,
    items: usize,
) -> Result<(), Failure> {
    hall.act(cx, &payment(&customer, items))
}

/// There may be nothing to pay back: then it does nothing.
#[step]
#[retry(exponential, base = "100ms", max_delay = "10s", max_attempts = 100)]
pub(crate) async fn pay_back(
    #[inject] hall: &Hall,
    #[inject] cx: &StepContext,
    customer: String,
    items: usize,
) -> Result<(), Failure> {
    hall.undo(cx, &payment(&customer, items))
}

/// Packs one item after the other, and yields the number of boxes. Takes long: the next attempt goes on where this one has stopped.
///
/// It does not have to say that it lives. As long as it runs its worker does that for it, and while it waits (`.await`) nothing stands still.
#[step]
#[retry(fixed, delay = "300ms", max_attempts = 1000)]
#[compensate(unpack(items))]
pub(crate) async fn pack(
    #[inject] hall: &Hall,
    #[inject] cx: &StepContext,
    items: Vec<String>,
) -> Result<usize, Failure> {
    let packed = cx.saved::<usize>().await?.unwrap_or(0);
    if cx.attempt() > 1 || packed > 0 {
        hall.journal.tell(format!("  packing goes on at item {} of {}", packed + 1, items.len()));
    }
    for (place, item) in items.iter().enumerate().skip(packed) {
        hall.pack(cx, place, item).await?;
        cx.save(&(place + 1)).await?;
    }
    Ok(items.len().div_ceil(BOX))
}

/// Puts back what was packed, be it all or some of it.
#[step]
#[retry(exponential, base = "100ms", max_delay = "10s", max_attempts = 100)]
pub(crate) async fn unpack(
    #[inject] hall: &Hall,
    #[inject] cx: &StepContext,
    items: Vec<String>,
) -> Result<(), Failure> {
    for (place, item) in items.iter().enumerate() {
        hall.put_back(cx, place, item)?;
    }
    Ok(())
}

/// Not undone: a mail that was sent can't be taken back.
#[step]
#[retry(exponential, base = "100ms", max_delay = "2s", max_attempts = 20)]
pub(crate) async fn apologize(
    #[inject] hall: &Hall,
    #[inject] cx: &StepContext,
    customer: String,
) -> Result<(), Failure> {
    hall.act(cx, &notice(&customer))
}

/// The last one: nothing has to be undone after it.
#[step]
#[retry(exponential, base = "100ms", max_delay = "2s", max_attempts = 20)]
pub(crate) async fn hand_over(
    #[inject] hall: &Hall,
    #[inject] cx: &StepContext,
    customer: String,
    boxes: usize,
) -> Result<(), Failure> {
    hall.act(cx, &format!("{boxes} boxes on their way to {customer}"))
}

fn payment(customer: &str, items: usize) -> String {
    format!("{} euros from {customer}", price(items))
}
