use sagaflow::prelude::*;

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let doubled = duoble(number).await?;
    Ok(doubled)
}

fn main() {}
