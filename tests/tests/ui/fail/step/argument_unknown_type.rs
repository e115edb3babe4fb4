use sagaflow::prelude::*;

#[step]
async fn ship(order: OrderId) -> bool {
    order == order
}

fn main() {}
