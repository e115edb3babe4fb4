use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(mut numbers: Vec<u64>) -> Result<u64, Failure> {
    let mut total = 0;
    for number in &numbers {
        total += double(*number).await?;
        numbers.push(total);
    }
    Ok(total)
}

fn main() {}
