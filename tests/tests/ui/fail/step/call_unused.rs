#![deny(unused_must_use)]

use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> u64 {
    number * 2
}

fn by_hand() {
    double(1);
}

fn main() {}
