use sagaflow::prelude::*;

#[step]
#[compensate(refund(amount, "EUR"))]
async fn pay(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

#[step]
async fn refund(amount: u64, currency: u32) -> bool {
    amount > 0 && currency > 0
}

fn main() {}
