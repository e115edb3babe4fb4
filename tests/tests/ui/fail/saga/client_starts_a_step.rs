use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

async fn start(client: Client) {
    let _ = client.start(double(1)).await;
}

fn main() {}
