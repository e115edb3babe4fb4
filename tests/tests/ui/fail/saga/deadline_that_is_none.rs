use sagaflow::prelude::*;

#[saga(deadline = "soon")]
async fn one() -> u32 {
    1
}

#[saga(deadline = 60)]
async fn two() -> u32 {
    2
}

#[saga(deadline = "0s")]
async fn three() -> u32 {
    3
}

#[saga(deadline = "1h", deadline = "2h", dedline = "3h")]
async fn four() -> u32 {
    4
}

#[step(deadline = "1h")]
async fn five() -> u32 {
    5
}

fn main() {}
