use sagaflow::prelude::*;

#[step(retry = 3)]
async fn create_user(name: String) -> String {
    name
}

fn main() {}
