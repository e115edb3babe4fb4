use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    const STEP: u64 = 1;
    {
        const STEP: u64 = 2;
        double(number + STEP).await?;
    }
    double(number + STEP).await
}

fn main() {}
