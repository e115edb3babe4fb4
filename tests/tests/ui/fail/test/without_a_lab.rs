#[sagaflow::test]
async fn it_survives() {}

fn main() {}
