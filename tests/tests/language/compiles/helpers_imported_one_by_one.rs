//! An import of a helper attribute is used, whether it stands below `#[step]` or above it.
#![deny(warnings)]

use sagaflow::{Client, Failure, compensate, retry, saga, step};

mod below {
    use sagaflow::{Failure, compensate, retry, step};

    #[step]
    #[retry(fixed, delay = "1s", max_attempts = 2)]
    #[compensate(super::undo(output))]
    pub async fn book(seat: u32) -> Result<u32, Failure> {
        Ok(seat)
    }
}

#[retry(fixed, delay = "1s", max_attempts = 2)]
#[step]
#[compensate(undo(output))]
async fn pay(seat: u32) -> Result<u32, Failure> {
    retry();
    Ok(seat)
}

#[step]
#[retry(fixed, delay = "1s", max_attempts = 2)]
async fn undo(seat: u32) {
    let _ = seat;
}

/// A function of the same name is something else.
fn retry() {}

#[saga]
async fn outing(seat: u32) -> Result<u32, Failure> {
    pay(below::book(seat).await?).await
}

#[test]
fn compiles() {
    let _ = Client::start::<outing>;
}
