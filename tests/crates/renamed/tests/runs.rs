//! They run.

use flow::prelude::*;
use sagaflow_tests_renamed::outing;

#[tokio::test]
async fn what_is_made_by_another_name_runs() {
    let transport = flow::connect("embedded:").await.unwrap();
    let worker = Worker::builder(transport.clone()).serve::<outing>().provide(10u64).build().unwrap().spawn();
    let handle = Client::new(transport).start(outing(vec![vec![1, 2], vec![3]])).id("a").await.unwrap();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), 60);
    worker.shutdown().await.unwrap();
}
