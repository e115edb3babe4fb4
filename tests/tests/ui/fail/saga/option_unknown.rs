use sagaflow::prelude::*;

#[saga(retries = 2)]
async fn buy(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
