use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(mut numbers: Vec<u64>) -> Result<u64, Failure> {
    numbers[double(1).await? as usize] = 2;
    Ok(numbers[0])
}

fn main() {}
