use sagaflow::prelude::*;

#[step]
struct User {
    name: String,
}

fn main() {}
