use sagaflow::prelude::*;

#[step]
async fn store<T: serde::Serialize>(value: T) -> bool {
    serde_json::to_string(&value).is_ok()
}

fn main() {}
