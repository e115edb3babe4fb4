use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[signal(name = "orders.approved")]
#[derive(Serialize, Deserialize)]
struct Approved {
    by: String,
}

fn main() {}
