use sagaflow::prelude::*;

#[retry(fixed, delay = "1s")]
async fn pay(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
