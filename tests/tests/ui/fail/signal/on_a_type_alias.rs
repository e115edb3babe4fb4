use sagaflow::prelude::*;

#[signal]
type Approved = String;

fn main() {}
