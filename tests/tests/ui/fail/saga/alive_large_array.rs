use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let table = [number; 64];
    let doubled = double(number).await?;
    Ok(doubled + table[3])
}

fn main() {}
