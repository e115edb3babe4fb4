use sagaflow::prelude::*;

#[step]
async fn pay(amount: u64) -> u64 {
    amount
}

#[saga]
async fn buy(amount: u64, name: String) -> Result<u64, Failure> {
    #[saga(alias = "label")]
    let title = &name;
    #[saga(alias = "pair")]
    let (one, two) = (amount, amount);
    pay(amount).await;
    Ok(one + two + title.len() as u64)
}

fn main() {}
