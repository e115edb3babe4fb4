use sagaflow::prelude::*;

#[retry(fixed, delay = "1s")]
#[saga]
async fn buy(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
