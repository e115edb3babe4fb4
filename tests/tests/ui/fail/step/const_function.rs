use sagaflow::prelude::*;

#[step]
const async fn double(number: u64) -> u64 {
    number * 2
}

fn main() {}
