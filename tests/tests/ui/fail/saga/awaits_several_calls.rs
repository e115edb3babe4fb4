use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn both(number: u64) -> Result<u64, Failure> {
    let (first, second) = (double(number), double(number + 1)).await;
    let third = [double(1), double(2)].await;
    let call = double(3);
    Ok(first? + second? + third.len() as u64 + (&call).await?)
}

fn main() {}
