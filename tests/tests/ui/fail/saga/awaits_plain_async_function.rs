use sagaflow::prelude::*;

async fn fetch(id: u64) -> Result<u64, Failure> {
    Ok(id)
}

#[saga]
async fn look_up(id: u64) -> Result<u64, Failure> {
    let found = fetch(id).await?;
    Ok(found)
}

fn main() {}
