use sagaflow::prelude::*;

#[step]
async fn fill(buffer: Option<*mut u8>) -> usize {
    usize::from(buffer.is_some())
}

#[saga]
async fn checkout(items: Vec<std::rc::Rc<str>>) -> usize {
    items.len()
}

fn main() {}
