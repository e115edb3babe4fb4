use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(numbers: Vec<u64>) -> Result<u64, Failure> {
    let calls: Vec<_> = numbers.into_iter().map(|number| double(number).await).collect();
    Ok(calls.len() as u64)
}

fn main() {}
