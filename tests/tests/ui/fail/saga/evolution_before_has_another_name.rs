use sagaflow::prelude::*;

#[saga]
async fn buy_v1(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

#[saga(version = 2, before = buy_v1)]
async fn buy(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
