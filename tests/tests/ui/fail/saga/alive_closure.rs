use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let add = move |other: u64| number + other;
    let doubled = double(number).await?;
    Ok(add(doubled))
}

fn main() {}
