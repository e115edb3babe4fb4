use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(numbers: Vec<u64>) -> Result<u64, Failure> {
    let (first, rest) = numbers.split_at(1);
    let four = double(2).await?;
    Ok(first.len() as u64 + rest.len() as u64 + four)
}

fn main() {}
