use sagaflow::testing::Lab;

struct Shop;

impl Shop {
    #[sagaflow::test]
    async fn it_survives(&self, lab: Lab) {
        drop(lab);
    }
}

fn main() {}
