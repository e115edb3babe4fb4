use sagaflow::prelude::*;

#[saga]
async fn buy(#[inject] bank: &Bank, amount: u64) -> Result<u64, Failure> {
    Ok(amount + bank.0)
}

struct Bank(u64);

fn main() {}
