use sagaflow::prelude::*;

#[step(blocking, blocking)]
fn pack(order: u64) -> Result<u64, Failure> {
    Ok(order)
}

fn main() {}
