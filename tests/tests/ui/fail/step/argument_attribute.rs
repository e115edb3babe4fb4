use sagaflow::prelude::*;

#[step]
async fn ship(#[serde(default)] order: u64) -> bool {
    order > 0
}

fn main() {}
