use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[request]
#[derive(Serialize, Deserialize)]
struct AddItem {
    price: u64,
}

fn main() {}
