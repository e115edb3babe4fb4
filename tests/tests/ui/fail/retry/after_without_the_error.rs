use std::time::Duration;

use sagaflow::prelude::*;

#[step]
#[retry(fixed, delay = "1s", after = Duration::from_secs(3))]
async fn fetch(page: u64) -> Result<u64, Failure> {
    Ok(page)
}

fn main() {}
