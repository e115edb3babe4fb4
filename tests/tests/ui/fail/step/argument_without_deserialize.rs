use sagaflow::prelude::*;

#[step]
async fn ship(address: Address) -> bool {
    address.street.is_empty()
}

#[derive(serde::Serialize)]
struct Address {
    street: String,
}

fn main() {}
