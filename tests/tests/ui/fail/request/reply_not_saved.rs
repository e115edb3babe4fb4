use std::rc::Rc;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

#[request(reply = Rc<u64>)]
#[derive(Serialize, Deserialize)]
struct AddItem {
    price: u64,
}

fn main() {}
