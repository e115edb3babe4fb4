use sagaflow::prelude::*;

#[request(reply = u64)]
fn add(price: u64) -> u64 {
    price
}

fn main() {}
