use sagaflow::prelude::*;

#[saga]
trait Buy {
    fn buy(&self);
}

fn main() {}
