use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: Option<u64>) -> Result<u64, Failure> {
    let doubled = match number {
        Some(number) if number > 3 => double(number).await?,
        None => 0,
    };
    Ok(doubled)
}

fn main() {}
