use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<String, Failure> {
    let label = if number > 2 { "many" } else { "few" };
    let number = double(number).await?;
    Ok(format!("{number} {label}"))
}

fn main() {}
