use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let first = duoble(number).await?;
    let second = double(number).await?;
    Ok(first + second)
}

fn main() {}
