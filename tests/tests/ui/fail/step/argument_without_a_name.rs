use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[step]
async fn triple(_: u64) -> Result<u64, Failure> {
    double(2).inline().await
}

fn main() {}
