use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let total = 0;
    total += double(number).await?;
    Ok(total)
}

fn main() {}
