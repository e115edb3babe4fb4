use sagaflow::prelude::*;

#[step]
#[retry(adaptive, base = "1s", threshold = 50)]
async fn pay(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
