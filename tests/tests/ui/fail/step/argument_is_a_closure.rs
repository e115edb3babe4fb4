use sagaflow::prelude::*;

#[step]
async fn apply(number: u64, change: Box<dyn Fn(u64) -> u64 + Send + Sync>) -> Result<u64, Failure> {
    Ok(change(number))
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    apply(number, Box::new(|number| number * 2)).await
}

fn main() {}
