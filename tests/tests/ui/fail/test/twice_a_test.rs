use sagaflow::testing::Lab;

#[sagaflow::test]
#[test]
async fn it_survives(lab: Lab) {
    drop(lab);
}

fn main() {}
