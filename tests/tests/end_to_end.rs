//! Sagas from the first call to the last compensation, with workers and a client, on every transport.

#[path = "end_to_end/sagas.rs"]
mod sagas;
#[path = "end_to_end/stage.rs"]
mod stage;

use std::time::Duration;

use bytes::Bytes;
use sagaflow::prelude::*;
use sagaflow::transport::{Append, InstanceId};
use sagaflow::{ErrorKind, FaultKind, Status};

use sagas::{Trip, greedy, hurried, leisurely, outing, outing_next, poisoned, spare, trip};
use stage::{Stage, on_all_transports};

on_all_transports! {
    completes, retries, unwinds_last_first, handles_a_fault, starts_once, refuses_a_second_start, a_crash_costs_nothing,
    two_workers_share, shutdown_hands_over, a_step_that_kills_its_workers_is_given_up, an_unreadable_record_is_paused,
    an_unknown_state_is_handed_back_then_paused, a_newer_worker_takes_up_what_an_older_hands_back, an_outgrown_record_is_paused,
    a_dependency_that_is_missing_stops_the_worker_before_it_begins, the_key_is_the_same_for_all_attempts, a_long_delay_is_waited_for_and_the_next_one_after_a_crash,
}

/// A trip to `places` whose step `fails` fails for good.
fn to(places: &[&str], fails: &str) -> Trip {
    Trip { places: places.iter().map(ToString::to_string).collect(), fails: fails.to_owned(), stumbles: 0 }
}

async fn completes(stage: Stage) {
    let worker = stage.worker();
    let handle = stage.client.start(trip(to(&["Rome", "Oslo"], ""))).id("a").await.unwrap();
    assert_eq!(handle.outcome().await.unwrap(), Ok("Rome, Oslo; paid 2".to_owned()));
    assert_eq!(stage.log(), ["book Rome", "book Oslo", "pay 2"]);
    let status = handle.status().await.unwrap();
    assert_eq!((status.status, status.steps, status.attempts), (Status::Completed, 3, 3));
    worker.shutdown().await.unwrap();
}

async fn retries(stage: Stage) {
    let worker = stage.worker();
    let trip_ = Trip { stumbles: 2, ..to(&["Rome"], "") };
    let handle = stage.client.start(trip(trip_)).await.unwrap();
    assert!(handle.outcome().await.unwrap().is_ok());
    assert_eq!(stage.log(), ["book Rome", "pay 1", "pay 1", "pay 1"]);
    assert_eq!(handle.status().await.unwrap().attempts, 4);
    worker.shutdown().await.unwrap();
}

async fn unwinds_last_first(stage: Stage) {
    let worker = stage.worker();
    let handle = stage.client.start(trip(to(&["Rome", "Oslo"], "pay"))).id("a").await.unwrap();
    let error = handle.outcome().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "no money (from `pay` at `pay` of trip/a, attempt 1)");
    // `pay` is undone by its arguments: also when it has failed.
    assert_eq!(stage.log(), ["book Rome", "book Oslo", "pay 2", "give back 2", "cancel Oslo", "cancel Rome"]);
    let status = handle.status().await.unwrap();
    assert_eq!((status.status, status.undone), (Status::Compensated, 3));
    worker.shutdown().await.unwrap();
}

async fn handles_a_fault(stage: Stage) {
    let worker = stage.worker();
    let caught = stage.client.start(hurried(true)).await.unwrap();
    assert_eq!(caught.outcome().await.unwrap(), Ok("`dawdle` timed out: no output within 20ms".to_owned()));
    let unwound = stage.client.start(hurried(false)).await.unwrap();
    let Err(SagaError::Fault(fault)) = unwound.outcome().await.unwrap() else { panic!("a fault") };
    assert_eq!((fault.kind, &*fault.of), (FaultKind::TimedOut, "dawdle"));
    worker.shutdown().await.unwrap();
}

async fn starts_once(stage: Stage) {
    let worker = stage.worker();
    for _ in 0..3 {
        let handle = stage.client.start(trip(to(&["Rome"], ""))).id("a").await.unwrap();
        assert!(handle.outcome().await.unwrap().is_ok());
    }
    assert_eq!(stage.log(), ["book Rome", "pay 1"]);
    worker.shutdown().await.unwrap();
}

async fn refuses_a_second_start(stage: Stage) {
    stage.client.start(trip(to(&["Rome"], ""))).id("a").await.unwrap();
    let again = stage.client.start(trip(to(&["Rome"], ""))).id("a").if_exists(IfExists::Refuse).await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyStarted);
}

async fn a_crash_costs_nothing(stage: Stage) {
    stage.hold("book Oslo");
    let first = stage.worker();
    let handle = stage.client.start(trip(to(&["Rome", "Oslo"], ""))).id("a").await.unwrap();
    stage.until("book Oslo").await;
    drop(first);
    let second = stage.worker();
    stage.until_again("book Oslo", 2).await;
    stage.release();
    assert!(handle.outcome().await.unwrap().is_ok());
    // The step that was running runs once more, and nothing else does.
    assert_eq!(stage.log(), ["book Rome", "book Oslo", "book Oslo", "pay 2"]);
    second.shutdown().await.unwrap();
}

async fn two_workers_share(stage: Stage) {
    let workers = [stage.worker(), stage.worker()];
    let starts = (0..50).map(|n| stage.client.start(trip(to(&["Rome"], ""))).id(format!("t{n}")).into_future());
    let handles = futures::future::try_join_all(starts).await.unwrap();
    let outcomes = futures::future::join_all(handles.iter().map(Handle::outcome)).await;
    assert!(outcomes.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    assert_eq!(stage.log().len(), 100);
    for worker in workers {
        worker.shutdown().await.unwrap();
    }
}

async fn shutdown_hands_over(stage: Stage) {
    stage.hold("book Rome");
    let first = stage.worker();
    let handle = stage.client.start(trip(to(&["Rome"], ""))).id("a").await.unwrap();
    stage.until("book Rome").await;
    // The step outlasts the grace, so its record is handed over.
    first.shutdown().await.unwrap();
    let second = stage.worker();
    stage.until_again("book Rome", 2).await;
    stage.release();
    assert!(handle.outcome().await.unwrap().is_ok());
    second.shutdown().await.unwrap();
}

async fn a_step_that_kills_its_workers_is_given_up(stage: Stage) {
    let handle = stage.client.start(poisoned()).id("a").await.unwrap();
    for _ in 0..3 {
        let worker = stage.worker();
        stage.until("poison").await;
        drop(worker);
        stage.clear();
    }
    let worker = stage.worker();
    let Err(SagaError::Fault(fault)) = handle.outcome().await.unwrap() else { panic!("a fault") };
    assert_eq!((fault.kind, &*fault.of), (FaultKind::WorkerLost, "poison"));
    worker.shutdown().await.unwrap();
}

async fn an_unreadable_record_is_paused(stage: Stage) {
    let instance = InstanceId::new("trip", "broken").unwrap();
    let payload = Bytes::from_static(b"{ this is no record");
    stage.transport.append(Append::new(&instance, None, payload)).await.unwrap();
    let worker = stage.worker();
    let status = stage.status_when("trip", "broken", Status::Paused).await;
    assert!(status.reason.unwrap().contains("can't be read"), "the reason says so");
    // The worker is alive.
    let handle = stage.client.start(trip(to(&["Rome"], ""))).await.unwrap();
    assert!(handle.outcome().await.unwrap().is_ok());
    worker.shutdown().await.unwrap();
}

/// `outing` is served by code that has no state `stroll`; `outing_next` has the same name and has it.
async fn an_unknown_state_is_handed_back_then_paused(stage: Stage) {
    stage.client.start(outing_next()).id("a").await.unwrap();
    let worker = stage.builder().serve::<outing>().hand_back(Duration::from_millis(60), 3).build().unwrap().spawn();
    let status = stage.status_when("outing", "a", Status::Paused).await;
    assert!(status.reason.unwrap().contains("unknown state `stroll`"));
    assert_eq!(status.state.as_deref(), Some("stroll"), "what was paused is still there");
    worker.shutdown().await.unwrap();
}

async fn a_newer_worker_takes_up_what_an_older_hands_back(stage: Stage) {
    let older = stage.builder().serve::<outing>().hand_back(Duration::from_millis(60), 10_000).build().unwrap().spawn();
    let handle = stage.client.start(outing_next()).id("a").await.unwrap();
    let newer =
        stage.builder().serve::<outing_next>().hand_back(Duration::from_millis(60), 10_000).build().unwrap().spawn();
    assert_eq!(handle.outcome().await.unwrap(), Ok("strolled and sang".to_owned()));
    older.shutdown().await.unwrap();
    newer.shutdown().await.unwrap();
}

async fn an_outgrown_record_is_paused(stage: Stage) {
    let worker = stage.worker();
    let bytes = stage.transport.max_record() as u64;
    stage.client.start(greedy(bytes)).id("a").await.unwrap();
    let status = stage.status_when("greedy", "a", Status::Paused).await;
    let reason = status.reason.unwrap();
    assert!(reason.contains("the variable `hoard`"), "{reason}");
    worker.shutdown().await.unwrap();
}

async fn a_dependency_that_is_missing_stops_the_worker_before_it_begins(stage: Stage) {
    let error = Worker::builder(stage.transport.clone()).serve::<trip>().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingDependency);
    let text = error.to_string();
    assert!(text.contains("book") && text.contains("Journal"), "{text}");
}

async fn the_key_is_the_same_for_all_attempts(stage: Stage) {
    let worker = stage.worker();
    let handle = stage.client.start(spare()).id("a").await.unwrap();
    assert!(handle.outcome().await.unwrap().is_err());
    let keys = ["spare/a/withdraw/1"; 2];
    assert_eq!(stage.log()[..2], keys, "two attempts");
    // The compensation by arguments has the key of the step that it undoes.
    assert_eq!(stage.log()[2], "refund spare/a/withdraw/1");
    worker.shutdown().await.unwrap();
}

/// The delay is longer than the ack wait and than what NATS keeps as an open delivery.
async fn a_long_delay_is_waited_for_and_the_next_one_after_a_crash(stage: Stage) {
    let first = stage.worker();
    let handle = stage.client.start(leisurely()).id("a").await.unwrap();
    stage.until("rest 1").await;
    let begun = std::time::Instant::now();
    stage.hold("rest 2");
    stage.until("rest 2").await;
    assert!(begun.elapsed() > Duration::from_secs(5), "again after {:?}", begun.elapsed());
    // The attempt that was waited for is lost with its worker, and comes again.
    drop(first);
    let second = stage.worker();
    stage.until_again("rest 2", 2).await;
    stage.release();
    assert_eq!(handle.outcome().await.unwrap(), Ok(2));
    assert_eq!(stage.log(), ["rest 1", "rest 2", "rest 2"]);
    assert_eq!(handle.status().await.unwrap().attempts, 2);
    second.shutdown().await.unwrap();
}
