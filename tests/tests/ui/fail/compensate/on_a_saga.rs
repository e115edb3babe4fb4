use sagaflow::prelude::*;

#[saga]
#[compensate(refund(amount))]
async fn buy(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

#[step]
async fn refund(amount: u64) -> bool {
    amount > 0
}

fn main() {}
