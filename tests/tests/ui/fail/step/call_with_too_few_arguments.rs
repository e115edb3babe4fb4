use sagaflow::prelude::*;

#[step]
async fn add(left: u64, right: u64) -> u64 {
    left + right
}

fn by_hand() {
    let _ = add(1);
}

fn main() {}
