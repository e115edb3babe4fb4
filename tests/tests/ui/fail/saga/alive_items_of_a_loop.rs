use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

struct Line {
    price: u64,
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let lines = vec![Line { price: number }];
    let mut total = 0;
    for line in lines {
        total += double(line.price).await?;
    }
    Ok(total)
}

fn main() {}
