use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[signal(nam = "approved")]
#[derive(Serialize, Deserialize)]
struct Approved {
    by: String,
}

fn main() {}
