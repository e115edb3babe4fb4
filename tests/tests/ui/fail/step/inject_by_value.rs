use sagaflow::prelude::*;

#[step]
async fn store(#[inject] db: Db, value: u32) -> bool {
    db.0 > value
}

struct Db(u32);

fn main() {}
