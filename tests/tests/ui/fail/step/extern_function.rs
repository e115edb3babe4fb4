use sagaflow::prelude::*;

#[step]
async extern "C" fn double(number: u64) -> u64 {
    number * 2
}

fn main() {}
