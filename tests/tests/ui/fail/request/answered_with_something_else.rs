use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[request(reply = u64)]
#[derive(Serialize, Deserialize)]
struct AddItem {
    price: u64,
}

#[saga]
async fn cart() -> Result<u64, Failure> {
    let (item, reply) = request::<AddItem>().await;
    reply.send("added").await;
    Ok(item.price)
}

fn main() {}
