use sagaflow::prelude::*;

#[step(crate = "sagaflow::facade")]
async fn create_user(name: String) -> Result<u64, Failure> {
    Ok(name.len() as u64)
}

fn main() {}
