use sagaflow::prelude::*;

#[step]
async fn pay(#[inject] #[step(default)] bank: &String, amount: u64) -> u64 {
    amount + bank.len() as u64
}

fn main() {}
