use sagaflow::prelude::*;

#[step(transaction)]
async fn debit(account: i64) -> Result<(), Failure> {
    let _ = account;
    Ok(())
}

fn main() {}
