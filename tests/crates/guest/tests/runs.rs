//! They run.

use facade::durable::prelude::*;
use sagaflow_tests_guest::{double_all, outing};

#[tokio::test]
async fn what_is_made_through_another_crate_runs() {
    let transport = facade::durable::connect("embedded:").await.unwrap();
    let worker = Worker::builder(transport.clone()).serve::<outing>().serve::<double_all>().provide(10u64);
    let worker = worker.build().unwrap().spawn();
    let client = Client::new(transport);
    let handle = client.start(outing(vec![vec![1, 2], vec![3]])).id("a").await.unwrap();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), 60);
    let handle = client.start(double_all(vec![1, 2])).id("b").await.unwrap();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), [2, 4]);
    worker.shutdown().await.unwrap();
}
