use sagaflow::prelude::*;

#[saga]
async fn buy(item: &str) -> Result<String, Failure> {
    Ok(item.to_owned())
}

fn main() {}
