use sagaflow::prelude::*;

#[step]
#[compensate(refund)]
async fn pay(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

#[step]
async fn refund(amount: u64) -> bool {
    amount > 0
}

fn main() {}
