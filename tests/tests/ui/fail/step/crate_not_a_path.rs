use sagaflow::prelude::*;

#[step(crate = facade())]
async fn create_user(name: String) -> Result<u64, Failure> {
    Ok(name.len() as u64)
}

fn main() {}
