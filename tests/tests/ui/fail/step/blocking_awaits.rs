use sagaflow::prelude::*;

async fn look_up(order: u64) -> u64 {
    order
}

#[step(blocking)]
fn pack(order: u64) -> Result<u64, Failure> {
    Ok(look_up(order).await)
}

fn main() {}
