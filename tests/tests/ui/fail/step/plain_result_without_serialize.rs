use sagaflow::prelude::*;

#[step]
async fn find(name: String) -> User {
    User { name }
}

struct User {
    name: String,
}

fn main() {}
