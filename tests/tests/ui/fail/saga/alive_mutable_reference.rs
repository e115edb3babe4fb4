use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let mut total = number;
    let sum = &mut total;
    *sum += double(number).await?;
    Ok(*sum)
}

fn main() {}
