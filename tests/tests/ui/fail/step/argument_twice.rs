use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[step]
async fn triple(number: u64, number: u64) -> Result<u64, Failure> {
    Ok(number * 3)
}

fn main() {}
