use sagaflow::prelude::*;

#[step]
#[compensate(refund(amount))]
async fn pay(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

#[saga]
async fn refund(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
