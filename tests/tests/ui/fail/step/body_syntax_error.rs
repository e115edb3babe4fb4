use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    let twice = number * ;
    Ok(twice)
}

#[saga]
async fn quadruple(number: u64) -> Result<u64, Failure> {
    let twice = double(number).await?;
    double(twice).await
}

fn main() {}
