use sagaflow::prelude::*;

#[step]
#[compensate(refund(bank.account, amount))]
async fn pay(#[inject] bank: &Bank, amount: u64) -> Result<u64, Failure> {
    Ok(amount + bank.account)
}

struct Bank {
    account: u64,
}

#[step]
async fn refund(account: u64, amount: u64) -> bool {
    account > amount
}

fn main() {}
