use sagaflow::prelude::*;

#[step(crate = sagaflow, crate = ::sagaflow)]
async fn create_user(name: String) -> Result<u64, Failure> {
    Ok(name.len() as u64)
}

fn main() {}
