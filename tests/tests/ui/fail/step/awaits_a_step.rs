use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[step]
async fn quadruple(number: u64) -> Result<u64, Failure> {
    Ok(2 * double(number).await?)
}

fn main() {}
