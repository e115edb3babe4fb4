use sagaflow::prelude::*;

#[step]
async fn store(#[inject] db: &Db, value: u32) -> bool {
    db.0.get() > value
}

struct Db(std::cell::Cell<u32>);

fn main() {}
