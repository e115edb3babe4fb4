use sagaflow::prelude::*;

#[saga]
async fn nap(millis: u64) -> Result<u64, Failure> {
    tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
    Ok(millis)
}

fn main() {}
