use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[signal(crate = sagaflow, crate = ::sagaflow)]
#[derive(Serialize, Deserialize)]
struct Approved {
    by: String,
}

fn main() {}
