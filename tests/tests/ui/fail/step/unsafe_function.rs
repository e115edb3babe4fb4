use sagaflow::prelude::*;

#[step]
async unsafe fn poke(address: u64) -> u64 {
    address
}

fn main() {}
