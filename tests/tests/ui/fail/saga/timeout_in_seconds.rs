use sagaflow::prelude::*;

#[step]
async fn charge(cents: u64) -> Result<u64, Failure> {
    Ok(cents)
}

#[saga]
async fn pay(cents: u64) -> Result<u64, Failure> {
    charge(cents).timeout(30).await?
}

fn main() {}
