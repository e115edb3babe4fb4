use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(bytes: Vec<u8>) -> Result<u64, Failure> {
    let mut words = std::str::from_utf8(&bytes).unwrap_or_default().split(" ");
    let four = double(2).await?;
    Ok(words.next().map_or(four, |word| word.len() as u64))
}

fn main() {}
