use sagaflow::prelude::*;

pub struct Warehouse;

impl Warehouse {
    /// Reserves an item.
    #[step]
    #[retry(fixed, delay = "1s")]
    pub async fn reserve(#[inject] stock: &String, item: u64) -> Result<u64, Failure> {
        Ok(item + stock.len() as u64)
    }
}

mod elsewhere {
    use sagaflow::prelude::*;

    #[step]
    pub async fn reserve(item: u64) -> Result<u64, Failure> {
        Ok(item)
    }
}

fn main() {
    let _ = elsewhere::reserve(1);
}
