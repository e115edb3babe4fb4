use sagaflow::prelude::*;

#[step]
#[retry(exponential, base = "1s", max_atempts = 3)]
async fn pay(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
