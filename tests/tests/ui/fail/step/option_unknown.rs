use sagaflow::prelude::*;

#[step(nam = "create-user")]
async fn create_user(name: String) -> String {
    name
}

fn main() {}
