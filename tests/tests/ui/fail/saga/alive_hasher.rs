use std::hash::{DefaultHasher, Hash, Hasher};

use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn checksum(name: String) -> Result<u64, Failure> {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let four = double(2).await?;
    four.hash(&mut hasher);
    Ok(hasher.finish())
}

fn main() {}
