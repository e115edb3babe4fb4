use sagaflow::prelude::*;

#[step]
async fn country(code: u32) -> &str {
    if code == 49 { "Germany" } else { "elsewhere" }
}

fn main() {}
