use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(line: String) -> Result<u64, Failure> {
    let words: Vec<&str> = line.split(" ").collect();
    let four = double(2).await?;
    Ok(words.len() as u64 + four)
}

fn main() {}
