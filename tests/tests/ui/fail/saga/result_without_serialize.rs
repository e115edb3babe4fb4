use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

struct Doubled(u64);

#[saga]
async fn twice(number: u64) -> Result<Doubled, Failure> {
    Ok(Doubled(double(number).await?))
}

fn main() {}
