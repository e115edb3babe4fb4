use sagaflow::prelude::*;

#[step]
async fn shared(number: u64) -> u64 {
    let number = std::rc::Rc::new(number);
    tokio::task::yield_now().await;
    *number
}

fn main() {}
