use sagaflow::prelude::*;

#[step(blocking)]
async fn pack(order: u64) -> Result<u64, Failure> {
    Ok(order)
}

fn main() {}
