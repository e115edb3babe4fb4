use sagaflow::prelude::*;
use std::rc::Rc;

#[step]
async fn count(items: Vec<u32>) -> usize {
    items.len()
}

#[saga]
async fn counted(items: Vec<u32>) -> usize {
    let shared = Rc::new(items);
    count(shared).await
}

fn main() {}
