use sagaflow::prelude::*;

#[step(name = create)]
async fn create_user(name: String) -> String {
    name
}

fn main() {}
