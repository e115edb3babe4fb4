#![deny(unused)]

use sagaflow::prelude::*;

#[step]
async fn pack(order: u64) -> Result<u64, Failure> {
    Ok(order)
}

#[saga]
async fn ship(order: u64) -> Result<u64, Failure> {
    pack(order).start();
    let unused = pack(order).start();
    pack(order + 1).await
}

fn main() {}
