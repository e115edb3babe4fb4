use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(text: String) -> Result<u64, Failure> {
    let longer = text + "!";
    let length = double(longer.len() as u64).await?;
    Ok(length + text.len() as u64)
}

fn main() {}
