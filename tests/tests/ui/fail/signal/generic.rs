use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[signal]
#[derive(Serialize, Deserialize)]
struct Approved<T> {
    by: T,
}

fn main() {}
