use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(text: String) -> Result<u64, Failure> {
    let mut total = 0;
    for word in text.split(',') {
        total += double(word.len() as u64).await?;
    }
    Ok(total)
}

fn main() {}
