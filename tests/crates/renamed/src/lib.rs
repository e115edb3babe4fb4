//! Sagas of a crate that knows sagaflow by another name. Nothing has to be said about it.
#![deny(warnings, missing_docs)]
#![forbid(unsafe_code)]

use flow::prelude::*;

/// Books a seat.
#[step]
#[retry(adaptive, base = "1ms", threshold = 0.9, max_attempts = 3, only(_), exhausted = fail)]
#[compensate(give_back(output))]
pub async fn book(#[inject] price: &u64, seat: u64) -> Result<u64, Failure> {
    Ok(seat * price)
}

/// Gives a seat back.
#[step]
pub async fn give_back(seat: u64) {
    let _ = seat;
}

/// Books seats, row by row.
#[saga]
pub async fn outing(rows: Vec<Vec<u64>>) -> Result<u64, Failure> {
    let mut total = 0;
    for row in rows {
        for seat in &row {
            total += book(*seat).await?;
        }
    }
    Ok(total)
}
