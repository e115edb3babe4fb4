use sagaflow::prelude::*;

#[step]
async fn find(name: String) -> Result<u64, NotFound> {
    Err(NotFound { name })
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct NotFound {
    name: String,
}

fn main() {}
