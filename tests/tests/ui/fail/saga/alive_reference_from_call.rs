use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(text: String) -> Result<u64, Failure> {
    let trimmed = text.trim_matches('-');
    let doubled = double(1).await?;
    Ok(doubled + trimmed.len() as u64)
}

fn main() {}
