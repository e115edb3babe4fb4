//! Sagas of a crate that doesn't know sagaflow by its name.
#![deny(warnings, missing_docs)]
#![forbid(unsafe_code)]

use facade::durable::prelude::*;

facade::pipeline! {
    /// Doubles numbers.
    pub double_all: double(number: u64) -> u64 { Ok(number * 2) }
}

/// Books a seat.
#[step(crate = facade::durable)]
#[retry(exponential, base = "1ms", factor = 1.0, max_attempts = 3, jitter = full, unless(_), exhausted = fail)]
#[compensate(give_back(seat))]
pub async fn book(#[inject] price: &u64, seat: u64, _note: Option<String>) -> Result<u64, Failure> {
    Ok(seat * price)
}

/// Gives a seat back.
#[step(crate = facade::durable)]
pub async fn give_back(seat: u64) {
    let _ = seat;
}

/// Books seats, row by row.
#[saga(name = "outing", crate = ::facade::durable)]
pub async fn outing(rows: Vec<Vec<u64>>) -> Result<u64, Failure> {
    let mut total = 0;
    for row in rows {
        for seat in &row {
            total += book(*seat, None).await?;
        }
    }
    Ok(total)
}
