use sagaflow::prelude::*;

#[step]
#[retry]
async fn pay(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
