//! The ways that an instance can go, from start to outcome.

use super::Stage;
use crate::example::{Act, Script, order, probe};
use crate::record::FaultKind;
use crate::{ErrorKind, IfExists, SagaError, Status, Worker};

/// There is one for each delivery in hand.
#[test]
fn future_of_a_delivery_is_small() {
    fn size<A, B, C, F>(_: impl FnOnce(A, B, C) -> F) -> usize {
        size_of::<F>()
    }
    let size = size(crate::worker::job::work);
    assert!(size < 1024, "{size} bytes");
}

#[tokio::test(start_paused = true)]
async fn completes() {
    let stage = Stage::new(Script::default());
    let worker = stage.worker();
    let handle = stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    assert_eq!(
        stage.script.done(),
        ["reserve 1 order/1/reserve/1", "charge 1 order/1/charge/2", "notify 1 order/1/notify/3"]
    );
    let status = handle.status().await.unwrap();
    assert_eq!((status.status, status.steps, status.attempts), (Status::Completed, 3, 3));
    worker.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn many_instances_complete() {
    let stage = Stage::new(Script::default());
    let worker = stage.builder().concurrency(3).build().unwrap().spawn();
    let mut handles = Vec::new();
    for _ in 0..200 {
        handles.push(stage.client.start(order("book".into(), 5)).await.unwrap());
    }
    for handle in handles {
        assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    }
    worker.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn failed_attempts_are_made_again_with_the_same_key() {
    let stage = Stage::new(Script::default().on("reserve", [Act::Fail, Act::Panic]));
    let _worker = stage.worker();
    let handle = stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    assert_eq!(
        stage.script.done()[..3],
        ["reserve 1 order/1/reserve/1", "reserve 2 order/1/reserve/1", "reserve 3 order/1/reserve/1"]
    );
    assert_eq!(handle.status().await.unwrap().attempts, 5);
}

#[tokio::test(start_paused = true)]
async fn err_of_step_unwinds() {
    let stage = Stage::new(Script::default().on("notify", [Act::Terminal]));
    let _worker = stage.worker();
    let handle = stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    let Err(SagaError::Failed { error, .. }) = handle.outcome().await.unwrap() else { panic!("it has failed") };
    assert_eq!(error.to_string(), "never");
    assert_eq!(stage.script.done()[3..], ["refund 1 order/1/charge/2", "release 1 order/1/reserve:release/5"]);
    assert_eq!(handle.status().await.unwrap().status, Status::Compensated);
}

#[tokio::test(start_paused = true)]
async fn timeout_unwinds_with_its_fault() {
    let stage = Stage::new(Script::default().on("charge", [Act::Hang, Act::Hang]));
    let _worker = stage.worker();
    let handle = stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    let Err(SagaError::Fault(fault)) = handle.outcome().await.unwrap() else { panic!("it has failed") };
    assert_eq!((fault.of.as_str(), fault.kind), ("charge", FaultKind::TimedOut));
    let done = stage.script.done();
    assert_eq!(done[3..], ["refund 1 order/1/charge/2", "release 1 order/1/reserve:release/4"], "{done:?}");
}

#[tokio::test(start_paused = true)]
async fn panic_before_the_first_step_fails() {
    let stage = Stage::new(Script::default());
    let _worker = stage.worker();
    let handle = stage.client.start(order("book".into(), 13)).await.unwrap();
    let Err(SagaError::Fault(fault)) = handle.outcome().await.unwrap() else { panic!("it has failed") };
    assert_eq!(fault.to_string(), "`order` panicked: an unlucky amount");
}

#[tokio::test(start_paused = true)]
async fn compensation_failure_makes_stuck() {
    let stage = Stage::new(Script::default().on("notify", [Act::Terminal]).on("refund", [Act::Fail]));
    let _worker = stage.worker();
    let handle = stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    stage.until("1", |record| record.status == Status::Stuck).await;
    let status = handle.status().await.unwrap();
    assert_eq!(status.step.as_deref(), Some("refund"));
    assert_eq!(status.last_error.as_deref(), Some("not now"));
    assert_eq!(status.compensations[0].step, "release");
    assert_eq!(status.cause.unwrap().to_string(), "never");
    assert!(status.reason.unwrap().starts_with("compensation `refund` has failed"));
}

#[tokio::test(start_paused = true)]
async fn second_start_attaches_or_is_refused() {
    let stage = Stage::new(Script::default());
    let first = stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    let second = stage.client.start(order("pen".into(), 9)).id("1").await.unwrap();
    let refused = stage.client.start(order("pen".into(), 9)).id("1").if_exists(IfExists::Refuse).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyStarted);
    let _worker = stage.worker();
    assert_eq!(second.outcome().await.unwrap().unwrap(), "7 5 notified");
    assert_eq!(first.outcome().await.unwrap().unwrap(), "7 5 notified");
    assert_eq!(stage.script.done().len(), 3);
    let refused = stage.client.start(order("pen".into(), 9)).id("1").if_exists(IfExists::Refuse).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyStarted, "also when it has come to its end");
}

#[tokio::test(start_paused = true)]
async fn open_breaker_makes_probes_only_and_consumes_no_attempts() {
    // Eight instances whose steps all fail: after five failures the breaker is open.
    let stage = Stage::new(Script::default().on("ping", [Act::Fail; 6]));
    let _worker = stage.worker();
    let mut handles = Vec::new();
    for number in 0..8 {
        handles.push(stage.client.start(probe(number)).await.unwrap());
    }
    for (number, handle) in handles.iter().enumerate() {
        assert_eq!(handle.outcome().await.unwrap().unwrap(), number as u64);
    }
    assert_eq!(stage.script.done().len(), 8 + 6, "no attempt was consumed by waiting");
}

#[tokio::test(start_paused = true)]
async fn used_up_attempts_pause_where_asked_for() {
    let stage = Stage::new(Script::default().on("ping", [Act::Fail; 8]));
    let _worker = stage.worker();
    let handle = stage.client.start(probe(1)).id("p").await.unwrap();
    let mut watch = crate::Transport::watch(&*stage.transport, handle.instance()).await.unwrap();
    while handle.status().await.unwrap().status != Status::Paused {
        watch.next().await.unwrap().unwrap();
    }
    let status = handle.status().await.unwrap();
    assert_eq!(status.reason.unwrap(), "step `ping` has used up its attempts (8): not now");
    assert_eq!((status.step.as_deref(), status.attempt), (Some("ping"), Some(8)));
}

#[tokio::test]
async fn missing_dependencies_are_all_named_before_anything_runs() {
    let stage = Stage::new(Script::default());
    let error = Worker::builder(stage.transport.clone()).serve::<order>().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingDependency);
    let text = error.to_string();
    for step in ["charge", "notify", "refund", "release", "reserve"] {
        let line = format!("`script: &sagaflow::example::Script` of step `{step}` in saga `order`");
        assert!(text.contains(&line), "{text}");
    }
    assert!(!text.contains("StepContext"), "{text}");
}

#[tokio::test]
async fn worker_that_serves_nothing_or_twice_is_invalid() {
    let stage = Stage::new(Script::default());
    let error = Worker::builder(stage.transport.clone()).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidWorker);
    let error = stage.builder().serve::<order>().build().unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidWorker, "saga `order` is served twice"));
}
