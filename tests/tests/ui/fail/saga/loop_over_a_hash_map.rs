use std::collections::HashMap;

use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(stock: HashMap<String, u64>) -> Result<u64, Failure> {
    let mut total = 0;
    for (name, number) in &stock {
        total += double(*number).await? + name.len() as u64;
    }
    Ok(total)
}

fn main() {}
