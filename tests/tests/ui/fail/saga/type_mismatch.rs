use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let doubled = double(number).await?;
    let text: String = doubled;
    let again = double(doubled + 1).await?;
    Ok(again + text.len() as u64)
}

fn main() {}
