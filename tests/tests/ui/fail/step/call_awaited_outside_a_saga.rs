use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> u64 {
    number * 2
}

async fn by_hand() -> u64 {
    double(1).await
}

fn main() {}
