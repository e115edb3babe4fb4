use sagaflow::prelude::*;

#[step]
async fn alert(text: String) -> Result<(), Failure> {
    drop(text);
    Ok(())
}

#[saga(on_stuck = alert)]
async fn pay(cents: u64) -> Result<u64, Failure> {
    Ok(cents)
}

fn main() {}
