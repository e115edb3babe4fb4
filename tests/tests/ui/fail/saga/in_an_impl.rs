use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

struct Numbers;

impl Numbers {
    #[saga]
    async fn twice(number: u64) -> Result<u64, Failure> {
        double(number).await
    }
}

fn main() {}
