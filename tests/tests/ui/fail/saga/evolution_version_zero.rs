use sagaflow::prelude::*;

#[saga(version = 0)]
async fn buy(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

#[saga(version = "2")]
async fn sell(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
