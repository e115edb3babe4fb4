use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(mut numbers: Vec<u64>) -> Result<Vec<u64>, Failure> {
    if let Some(last) = numbers.last_mut() {
        *last += double(2).await?;
        *last += 1;
    }
    Ok(numbers)
}

fn main() {}
