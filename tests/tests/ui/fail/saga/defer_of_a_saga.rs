use sagaflow::prelude::*;

#[saga]
async fn tidy(room: u64) -> Result<(), Failure> {
    let _ = room;
    Ok(())
}

#[saga]
async fn renovate(room: u64) -> Result<(), Failure> {
    defer(tidy(room)).await;
    Ok(())
}

fn main() {}
