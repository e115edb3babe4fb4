use sagaflow::prelude::*;

#[retry(fixed, delay = "1s")]
struct Payment {
    amount: u64,
}

fn main() {}
