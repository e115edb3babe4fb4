use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[request(reply = u64)]
#[derive(Serialize, Deserialize)]
struct AddItem<T> {
    price: T,
}

fn main() {}
