use sagaflow::prelude::*;

type Answer = Result<u64, Failure>;

#[step]
async fn find(name: String) -> Answer {
    Ok(name.len() as u64)
}

fn main() {}
