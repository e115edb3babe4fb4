use sagaflow::prelude::*;

#[step]
async fn count(items: std::rc::Rc<Vec<u32>>) -> usize {
    items.len()
}

fn main() {}
