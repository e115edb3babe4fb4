use sagaflow::prelude::*;

#[saga]
async fn inner(id: u64) -> Result<u64, Failure> {
    Ok(id)
}

#[saga]
async fn outer(id: u64) -> Result<u64, Failure> {
    let found = inner(id).await?;
    Ok(found)
}

#[test]
fn compiles() {}
