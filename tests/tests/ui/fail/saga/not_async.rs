use sagaflow::prelude::*;

#[saga]
fn buy(amount: u64) -> Result<u64, Failure> {
    Ok(amount)
}

fn main() {}
