use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

macro_rules! run {
    ($number:expr) => {
        double($number).await?
    };
}

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    Ok(run!(number))
}

fn main() {}
