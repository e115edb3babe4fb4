use sagaflow::prelude::*;

#[step]
async fn greet(name: &str) -> String {
    name.to_owned()
}

#[saga]
async fn welcome(name: String) -> Result<String, Failure> {
    Ok(greet(&name).await)
}

fn main() {}
