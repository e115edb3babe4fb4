use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

#[saga]
async fn first(number: u64) -> Result<u64, Failure> {
    tokio::select! {
        doubled = double(number) => doubled,
        one = double(1) => one,
    }
}

fn main() {}
