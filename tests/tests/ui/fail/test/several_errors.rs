#[sagaflow::test(workers = 2)]
fn it_survives<T>() {}

fn main() {}
