use sagaflow::prelude::*;

#[step]
async fn pay(#[step(defalt)] amount: u64) -> u64 {
    amount
}

#[step(alias = 7)]
async fn give(amount: u64) -> u64 {
    amount
}

#[saga]
async fn buy(#[saga] amount: u64) -> Result<u64, Failure> {
    #[saga(alias = sum, since = 3)]
    let total = amount;
    pay(amount).await;
    Ok(total)
}

fn main() {}
