use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(numbers: Vec<u64>) -> Result<u64, Failure> {
    let first = numbers.first();
    let four = double(2).await?;
    Ok(first.map_or(four, |first| first + four))
}

fn main() {}
