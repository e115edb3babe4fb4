use sagaflow::prelude::*;

#[step]
async fn pay(amount: u64, coupon: Option<&Coupon>) -> u64 {
    amount - coupon.map_or(0, |coupon| coupon.0)
}

struct Coupon(u64);

fn main() {}
