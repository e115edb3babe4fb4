use sagaflow::prelude::*;

#[step]
async fn find(name: String) -> Result<u64, NotFound> {
    Err(NotFound { name })
}

#[derive(Debug)]
struct NotFound {
    name: String,
}

impl std::fmt::Display for NotFound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} not found", self.name)
    }
}

fn main() {}
