use sagaflow::testing::Lab;

#[sagaflow::test]
async fn it_survives(lab: Lab, number: u32) {
    drop((lab, number));
}

fn main() {}
