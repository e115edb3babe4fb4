use sagaflow::prelude::*;

#[step]
async fn ship(order: u64, address: Address) -> bool {
    order > 0 && address.street.is_empty()
}

struct Address {
    street: String,
}

#[saga]
async fn deliver(order: u64) -> Result<bool, Failure> {
    Ok(ship(order, Address { street: String::new() }).await)
}

fn main() {}
