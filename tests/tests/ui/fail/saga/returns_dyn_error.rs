use sagaflow::prelude::*;
use std::error::Error;

#[step]
async fn double(number: u64) -> Result<u64, Box<dyn Error + Send + Sync>> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Box<dyn Error>> {
    let number = double(number).await?;
    Ok(double(number).await?)
}

#[saga]
async fn calls(number: u64) -> Result<u64, Failure> {
    Ok(twice(number).await?)
}

fn main() {}
