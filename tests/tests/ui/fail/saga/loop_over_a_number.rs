use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn each(number: u64) -> Result<u64, Failure> {
    let mut total = 0;
    for part in number {
        total += double(part).await?;
    }
    Ok(total)
}

fn main() {}
