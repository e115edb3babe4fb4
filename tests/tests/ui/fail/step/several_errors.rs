use sagaflow::prelude::*;

#[step(nam = "x")]
#[retry(fixd, delay = "1x")]
#[compensate(forget(db))]
fn remember(#[inject] db: Db, (a, b): (u32, u32), text: &str) -> u32 {
    a + b
}

struct Db;

#[saga]
async fn caller(text: String) -> Result<u32, Failure> {
    Ok(remember((1, 2), &text).await)
}

fn main() {}
