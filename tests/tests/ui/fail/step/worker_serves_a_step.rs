use sagaflow::prelude::*;

#[step]
async fn double(number: u64) -> u64 {
    number * 2
}

async fn serve(transport: std::sync::Arc<dyn sagaflow::Transport>) {
    let _ = Worker::builder(transport).serve::<double>();
}

fn main() {}
