use sagaflow::prelude::*;

#[step]
async fn store(text: String) -> Result<u64, Failure> {
    Ok(text.len() as u64)
}

#[saga]
async fn both(text: String) -> Result<u64, Failure> {
    let first = store(text).await?;
    let second = store(text).await?;
    Ok(first + second)
}

fn main() {}
