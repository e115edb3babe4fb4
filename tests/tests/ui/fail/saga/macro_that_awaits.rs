use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

async fn other() {}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    tokio::join!(other(), other());
    double(number).await
}

fn main() {}
