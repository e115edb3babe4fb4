use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[request(replay = u64)]
#[derive(Serialize, Deserialize)]
struct AddItem {
    price: u64,
}

fn main() {}
