use sagaflow::testing::Lab;

#[sagaflow::test]
fn it_survives(mut lab: Lab) {
    lab.only_mocks();
}

fn main() {}
