use sagaflow::prelude::*;

#[step(name)]
async fn create_user(name: String) -> String {
    name
}

fn main() {}
