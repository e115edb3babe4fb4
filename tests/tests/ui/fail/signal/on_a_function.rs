use sagaflow::prelude::*;

#[signal]
fn approved(by: String) -> String {
    by
}

fn main() {}
