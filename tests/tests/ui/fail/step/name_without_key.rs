use sagaflow::prelude::*;

#[step("create")]
async fn create_user(name: String) -> String {
    name
}

fn main() {}
