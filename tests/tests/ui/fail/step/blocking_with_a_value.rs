use sagaflow::prelude::*;

#[step(blocking = true)]
fn pack(order: u64) -> Result<u64, Failure> {
    Ok(order)
}

fn main() {}
