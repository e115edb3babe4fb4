use sagaflow::prelude::*;

#[step(name = "create", name = "create-user")]
async fn create_user(name: String) -> String {
    name
}

fn main() {}
