use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(numbers: Vec<u64>) -> Result<usize, Failure> {
    for number in numbers {
        double(number).await?;
    }
    Ok(numbers.len())
}

fn main() {}
