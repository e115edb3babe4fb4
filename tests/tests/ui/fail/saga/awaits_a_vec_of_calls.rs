use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn all(numbers: Vec<u64>) -> Result<u64, Failure> {
    let calls: Vec<_> = numbers.into_iter().map(double).collect();
    calls.await;
    Ok(0)
}

fn main() {}
