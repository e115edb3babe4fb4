use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[step]
async fn ship(item: u64) -> Result<u64, Failure> {
    Ok(item)
}

#[derive(Serialize, Deserialize)]
pub struct Order {
    items: Vec<u64>,
}

#[saga]
async fn ship_all(order: Order) -> Result<(), Failure> {
    for item in &order {
        ship(*item).await?;
    }
    Ok(())
}

fn main() {}
