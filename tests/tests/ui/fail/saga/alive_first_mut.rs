use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(mut numbers: Vec<u64>) -> Result<u64, Failure> {
    let Some(first) = numbers.first_mut() else { return Ok(0) };
    *first += double(1).await?;
    Ok(numbers[0])
}

fn main() {}
