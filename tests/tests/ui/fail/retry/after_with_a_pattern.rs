use sagaflow::prelude::*;

#[step]
#[retry(fixed, delay = "1s", after(Failure { .. }))]
async fn fetch(page: u64) -> Result<u64, Failure> {
    Ok(page)
}

fn main() {}
