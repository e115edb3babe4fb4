use sagaflow::testing::Lab;

#[sagaflow::test]
async fn it_survives<T>(lab: Lab) {
    drop(lab);
}

fn main() {}
