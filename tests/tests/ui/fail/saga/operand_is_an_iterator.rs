use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(numbers: Vec<u64>) -> Result<u64, Failure> {
    let sum = numbers.into_iter().chain([double(1).await?]).sum();
    Ok(sum)
}

fn main() {}
