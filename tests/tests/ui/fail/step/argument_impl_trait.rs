use sagaflow::prelude::*;

#[step]
async fn greet(name: impl Into<String>) -> String {
    name.into()
}

fn main() {}
