use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Approved {
    by: String,
}

#[saga]
async fn expense(cents: u64) -> Result<String, Failure> {
    let approved = signal::<Approved>().await;
    Ok(format!("{cents} by {}", approved.by))
}

fn main() {}
