use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(numbers: Vec<u64>) -> Result<u64, Failure> {
    let mut total = 0;
    for number in numbers.iter().filter(|number| **number > 2) {
        total += double(*number).await?;
    }
    Ok(total)
}

fn main() {}
