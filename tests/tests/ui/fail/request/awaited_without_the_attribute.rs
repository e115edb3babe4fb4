use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct AddItem {
    price: u64,
}

#[saga]
async fn cart() -> Result<u64, Failure> {
    let (item, _reply) = request::<AddItem>().await;
    Ok(item.price)
}

fn main() {}
