use sagaflow::prelude::*;

#[saga]
#[retry(fixed, delay = "1s")]
async fn buy(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
