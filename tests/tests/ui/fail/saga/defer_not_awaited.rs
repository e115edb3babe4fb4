#![deny(unused_must_use)]

use sagaflow::prelude::*;

#[step]
async fn close(door: u64) {
    let _ = door;
}

#[saga]
async fn renovate(door: u64) -> Result<(), Failure> {
    defer(close(door));
    Ok(())
}

fn main() {}
