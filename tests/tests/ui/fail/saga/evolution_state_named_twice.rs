use sagaflow::prelude::*;

#[step]
async fn pay(amount: u64) -> u64 {
    amount
}

#[saga]
async fn buy(amount: u64) -> Result<u64, Failure> {
    #[saga(state = "first")]
    let paid = pay(amount).await;
    #[saga(state = "first")]
    let more = pay(amount).await;
    #[saga(state = "a state")]
    let most = pay(amount).await;
    Ok(paid + more + most)
}

fn main() {}
