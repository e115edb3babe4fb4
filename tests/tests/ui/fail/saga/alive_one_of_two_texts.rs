use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let size = if number > 2 { "large" } else { "small" };
    let doubled = double(number).await?;
    Ok(doubled + size.len() as u64)
}

fn main() {}
