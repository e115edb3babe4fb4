use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[signal]
#[signal(name = "approved")]
#[derive(Serialize, Deserialize)]
struct Approved {
    by: String,
}

fn main() {}
