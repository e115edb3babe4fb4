use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[signal(name = "approved", name = "accepted")]
#[derive(Serialize, Deserialize)]
struct Approved {
    by: String,
}

fn main() {}
