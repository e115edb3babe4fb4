use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    match number {
        1 if double(number).await? == 2 => Ok(2),
        other => Ok(other),
    }
}

fn main() {}
