use sagaflow::prelude::*;

#[step]
#[retry(fixed, delay = "1s", after = error.retry_after())]
async fn fetch(page: u64) -> u64 {
    page
}

fn main() {}
