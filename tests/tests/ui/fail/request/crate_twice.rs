use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[request(reply = u64, crate = sagaflow, crate = ::sagaflow)]
#[derive(Serialize, Deserialize)]
struct AddItem {
    price: u64,
}

fn main() {}
