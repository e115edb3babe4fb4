use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let doubled = double(number).await?
    Ok(doubled)
}

async fn start(client: Client) {
    let _ = client.start(twice(1)).await;
}

fn main() {}
