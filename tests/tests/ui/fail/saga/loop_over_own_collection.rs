use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[derive(Serialize, Deserialize)]
struct Numbers(Vec<u64>);

impl<'a> IntoIterator for &'a Numbers {
    type Item = &'a u64;
    type IntoIter = std::slice::Iter<'a, u64>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[saga]
async fn twice(numbers: Numbers) -> Result<u64, Failure> {
    let mut total = 0;
    for number in &numbers {
        total += double(*number).await?;
    }
    Ok(total)
}

fn main() {}
