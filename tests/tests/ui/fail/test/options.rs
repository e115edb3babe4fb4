use sagaflow::testing::Lab;

#[sagaflow::test(workers = 2)]
async fn it_survives(lab: Lab) {
    drop(lab);
}

fn main() {}
