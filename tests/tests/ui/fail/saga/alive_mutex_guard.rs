use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> Result<u64, Failure> {
    Ok(number * 2)
}

static TOTAL: std::sync::Mutex<u64> = std::sync::Mutex::new(0);

#[saga]
async fn twice(number: u64) -> Result<u64, Failure> {
    let mut total = TOTAL.lock().unwrap();
    let doubled = double(number).await?;
    *total += doubled;
    Ok(doubled)
}

fn main() {}
