use sagaflow::prelude::*;

#[step]
fn create_user(name: String) -> Result<u64, Failure> {
    Ok(name.len() as u64)
}

#[saga]
async fn sign_up(name: String) -> Result<u64, Failure> {
    create_user(name).await
}

fn main() {}
