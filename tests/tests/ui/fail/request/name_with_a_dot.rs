use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[request(reply = u64, name = "cart.add")]
#[derive(Serialize, Deserialize)]
struct AddItem {
    price: u64,
}

fn main() {}
