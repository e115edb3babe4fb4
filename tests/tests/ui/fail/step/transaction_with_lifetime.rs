use sagaflow::prelude::*;

struct Transaction<'c>(&'c str);

#[step(transaction)]
async fn debit(tx: &mut Transaction<'_>, account: i64) -> Result<(), Failure> {
    let _ = (tx, account);
    Ok(())
}

fn main() {}
