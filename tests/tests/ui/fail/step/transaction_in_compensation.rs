use sagaflow::prelude::*;

struct Transaction;

#[step]
async fn credit(account: i64) {
    let _ = account;
}

#[step(transaction)]
#[compensate(credit(tx))]
async fn debit(tx: &mut Transaction, account: i64) -> Result<(), Failure> {
    let _ = (tx, account);
    Ok(())
}

fn main() {}
