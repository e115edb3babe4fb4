use sagaflow::prelude::*;

#[step]
async fn pay(amount: u64) -> u64 {
    amount
}

#[saga]
async fn buy(amount: u64) -> Result<u64, Failure> {
    if amount > 3 {
        #[saga(default)]
        let half = amount / 2;
        return Ok(half);
    }
    #[saga(state = "first")]
    let double = amount * 2;
    #[saga(state = "both")]
    let sum = pay(double).await + pay(1).await;
    Ok(sum)
}

fn main() {}
