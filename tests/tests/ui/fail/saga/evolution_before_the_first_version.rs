use sagaflow::prelude::*;

#[saga(name = "buy")]
async fn buy_v1(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

#[saga(before = buy_v1)]
async fn buy(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
