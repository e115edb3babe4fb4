use sagaflow::prelude::*;

#[saga(name = "buy")]
async fn buy_v1(amount: u64) -> Result<u32, Failure> {
    Ok(amount as u32)
}

#[saga(version = 2, before = buy_v1)]
async fn buy(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
