use sagaflow::prelude::*;

#[step]
async fn find(name: String) -> Result<User, Failure> {
    Ok(User { name })
}

struct User {
    name: String,
}

fn main() {}
