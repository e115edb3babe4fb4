use sagaflow::prelude::*;

#[step]
#[retry(fixed, delay = "1s", max_attempts = 3, jitter = ful)]
async fn pay(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
