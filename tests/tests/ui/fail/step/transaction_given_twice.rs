use sagaflow::prelude::*;

struct Left;
struct Right;

#[step(transaction, transaction)]
async fn transfer(left: &mut Left, right: &mut Right, amount: i64) -> Result<(), Failure> {
    let _ = (left, right, amount);
    Ok(())
}

fn main() {}
