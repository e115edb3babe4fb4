//! Steps without a saga around them.

use std::sync::Arc;

use sagaflow::prelude::*;
use sagaflow::testing::Lab;
use sagaflow::{Saga, SagaError, Status};

use crate::support::{Trace, check, reserve, status};

/// Books with the third attempt.
#[step]
#[retry(fixed, delay = "1ms", max_attempts = 3)]
#[compensate(forget(seat))]
async fn book(#[inject] trace: &Trace, #[inject] cx: &StepContext, seat: u32) -> Result<u32, Failure> {
    trace.add(cx, format!("book {seat}"));
    assert_ne!(seat, 13, "there is no such seat");
    if seat == 0 || cx.attempt() < 3 { Err(Failure::new("taken")) } else { Ok(seat) }
}

#[step]
async fn forget(#[inject] trace: &Trace, #[inject] cx: &StepContext, seat: u32) {
    trace.add(cx, format!("forget {seat}"));
}

#[tokio::test]
async fn a_step_is_an_instance_of_its_own() {
    assert_eq!(check(|| reserve("van".to_owned())).await.texts, ["reserve van"]);
    check(|| reserve("van, full".to_owned())).await;
    let (booked, trace) = status(book(7)).await;
    assert_eq!((booked.status, booked.instance.to_string()), (Status::Completed, "book/case".to_owned()));
    assert_eq!(trace.texts(), ["book 7"; 3]);
}

#[tokio::test]
async fn one_that_fails_for_good_is_undone() {
    let (failed, trace) = status(book(0)).await;
    assert_eq!((failed.status, failed.instance.to_string()), (Status::Compensated, "book/case".to_owned()));
    assert_eq!(trace.texts(), ["book 0", "book 0", "book 0", "forget 0"]);
    let (panicked, trace) = status(book(13)).await;
    assert!(panicked.cause.unwrap().to_string().contains("there is no such seat"));
    assert_eq!(trace.without_repeats().last().unwrap(), "forget 13");
}

#[saga]
async fn outing(seats: Vec<u32>) -> Result<Vec<u32>, Failure> {
    let mut all = Vec::new();
    for seat in seats {
        all.push(book(seat).child().await?);
    }
    let sent = forget(all[0]).detach().id("sent").await;
    assert_eq!(sent.to_string(), "forget/sent");
    Ok(all)
}

/// Who serves a saga need not serve the steps that are its children.
#[tokio::test]
async fn a_child_may_be_a_step() {
    let trace = Arc::new(Trace::default());
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let sagas = Worker::builder(transport.clone()).serve::<outing>().build().unwrap().spawn();
    let builder = Worker::builder(transport.clone()).serve::<book>().serve::<forget>();
    let steps = builder.provide_shared(trace.clone()).build().unwrap().spawn();
    let client = Client::new(transport);
    let handle = client.start(outing(vec![3, 4])).id("o").await.unwrap();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), [3, 4]);
    client.handle::<forget>("sent").unwrap().outcome().await.unwrap().unwrap();
    assert_eq!(trace.without_repeats(), ["book 3", "book 4", "forget 3"]);
    let failed = client.start(outing(vec![0])).await.unwrap().outcome().await.unwrap().unwrap_err();
    let SagaError::Failed { call, .. } = failed else { panic!("{failed:?}") };
    assert_eq!(call.root().of, "book");
    sagas.shutdown().await.unwrap();
    steps.shutdown().await.unwrap();
}

#[test]
fn its_graph_is_one_state() {
    let ways = |graph: &sagaflow::Graph| graph.to_mermaid();
    let (fails, plain) = (ways(&book::graph()), ways(&forget::graph()));
    assert!(fails.contains("book") && fails.contains("Err") && fails.contains("Ok"), "{fails}");
    assert!(plain.contains("forget") && !plain.contains("Err"), "{plain}");
}

#[sagaflow::test]
async fn a_step_is_checked_like_a_saga(mut lab: Lab) {
    lab.provide(Trace::default);
    lab.check(book(7)).every_crash().every_failure().assert_all(|run| {
        let forgotten = run.get::<Trace>().texts().iter().any(|text| text == "forget 7");
        assert_eq!(forgotten, run.failed());
    });
}
