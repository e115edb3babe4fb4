use sagaflow::prelude::*;

#[step]
async fn store(value: u32) -> bool
where
    u32: Copy,
{
    value > 0
}

fn main() {}
