use sagaflow::prelude::*;

#[saga(version = 2, migrate = to_cents)]
async fn buy(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn to_cents(amount: u64) -> u64 {
    amount * 100
}

fn main() {}
