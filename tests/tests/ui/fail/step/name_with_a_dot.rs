use sagaflow::prelude::*;

#[step(name = "users.create")]
async fn create_user(name: String) -> String {
    name
}

fn main() {}
