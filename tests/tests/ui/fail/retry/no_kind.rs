use sagaflow::prelude::*;

#[step]
#[retry(base = "1s", max_attempts = 3)]
async fn pay(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
