use sagaflow::prelude::*;

#[saga]
async fn reminders() -> u32 {
    sleep("3").await;
    sleep("3 moons").await;
    3
}

fn main() {}
