use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(mut numbers: Vec<u64>) -> Result<Vec<u64>, Failure> {
    numbers[0 + double(0).await? as usize] += double(1).await?;
    Ok(numbers)
}

fn main() {}
