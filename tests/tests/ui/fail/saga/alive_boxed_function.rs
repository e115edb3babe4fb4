use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let add: Box<dyn Fn(u64) -> u64 + Send> = Box::new(|x| x + 1);
    let doubled = double(number).await?;
    Ok(add(doubled))
}

fn main() {}
