use sagaflow::prelude::*;

#[saga]
async fn later() -> u32 {
    sleep_until("tomorrow").await;
    3
}

fn main() {}
