use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let call = double(number);
    let once = call.await?;
    Ok(once + call.await?)
}

fn main() {}
