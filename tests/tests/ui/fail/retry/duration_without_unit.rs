use sagaflow::prelude::*;

#[step]
#[retry(fixed, delay = 5, max_attempts = 3)]
async fn pay(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
