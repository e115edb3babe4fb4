#![deny(unused_must_use)]

use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    double(number).await
}

#[saga]
async fn both(number: u64) -> Result<u64, Failure> {
    twice(number).child();
    twice(number).detach();
    twice(number).await
}

fn main() {}
