use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[step]
#[retry(exponential, base = "1", factor = -2.0, max_attempts = 0, jiter = full)]
async fn triple(number: u64) -> Result<u64, Failure> {
    Ok(number * 3)
}

fn main() {}
