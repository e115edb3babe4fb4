use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(_: u64) -> Result<u64, Failure> {
    double(1).await
}

fn main() {}
