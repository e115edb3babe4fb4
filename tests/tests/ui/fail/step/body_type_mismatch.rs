use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> u64 {
    let text: String = number;
    number * 2
}

fn main() {}
