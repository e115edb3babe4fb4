#![deny(warnings)]

use sagaflow::prelude::*;

#[step]
#[retry(fixed, delay = "1s", max_attempts = 2)]
#[compensate(refund(amount))]
async fn step_first(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

#[compensate(refund(output))]
#[retry(fixed, delay = "1s", max_attempts = 2)]
#[step]
async fn step_last(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

#[retry(exponential, base = "1s", factor = 0.5, jitter = full, max_delay = "5m", max_elapsed = "1h 30m")]
#[sagaflow::step(name = "in-between")]
#[sagaflow::compensate(refund(amount + output))]
async fn step_between(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

#[step]
async fn refund(amount: u64) -> bool {
    amount > 0
}

#[saga(name = "all-of-them")]
async fn all(amount: u64) -> Result<u64, Failure> {
    let first = step_first(amount).await?;
    let between = step_between(first).await?;
    step_last(between).await
}

#[test]
fn compiles() {
    let _ = Client::start::<all>;
}
