use sagaflow::prelude::*;

struct Shop;

impl Shop {
    #[step]
    async fn open(&self, day: u32) -> bool {
        day < 6
    }
}

fn main() {}
