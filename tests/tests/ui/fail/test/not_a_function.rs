#[sagaflow::test]
struct Shop;

fn main() {
    drop(Shop);
}
