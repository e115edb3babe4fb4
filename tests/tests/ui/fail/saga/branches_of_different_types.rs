use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn either(number: u64) -> Result<u64, Failure> {
    let value = if number > 3 { double(number).await? } else { "few" };
    Ok(value)
}

fn main() {}
