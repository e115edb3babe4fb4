use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(text: String) -> Result<u64, Failure> {
    let parsed = text.parse::<u64>();
    let four = double(2).await?;
    Ok(parsed.unwrap_or(four))
}

fn main() {}
