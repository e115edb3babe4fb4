use sagaflow::prelude::*;

#[step]
async fn total(prices: &[u64]) -> u64 {
    prices.iter().sum()
}

fn main() {}
