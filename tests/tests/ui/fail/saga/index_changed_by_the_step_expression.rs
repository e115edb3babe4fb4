use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(mut numbers: Vec<u64>, mut at: usize) -> Result<Vec<u64>, Failure> {
    numbers[at] += {
        at += 1;
        double(1).await?
    };
    Ok(numbers)
}

fn main() {}
