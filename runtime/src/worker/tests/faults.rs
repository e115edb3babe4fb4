//! Workers that stop, die and lose their connection.

use std::time::Duration;

use super::{Fault, Stage};
use crate::appending::{self, Failed};
use crate::engine::after;
use crate::example::{Act, Script, order};
use crate::record::{self, Json, Node};
use crate::transport::{Append, AppendError, DeliveryOptions, InstanceId, Note};
use crate::{ErrorKind, Transport};

#[tokio::test(start_paused = true)]
async fn shutdown_lets_running_steps_end() {
    let stage = Stage::new(Script::default().on("charge", [Act::Hang]));
    let worker = stage.builder().grace(Duration::from_secs(61)).build().unwrap().spawn();
    stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    stage.script.attempts(2).await;
    worker.shutdown().await.unwrap();
    let status = stage.client.status("order", "1").await.unwrap();
    assert_eq!((status.step.as_deref(), status.attempt), (Some("charge"), Some(2)), "it has timed out in the grace");
}

#[tokio::test(start_paused = true)]
async fn shutdown_hands_back_what_does_not_end_and_counts_no_lost_worker() {
    let stage = Stage::new(Script::default().on("notify", [Act::Hang; 5]));
    stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    for deploy in 1..=5 {
        let worker = stage.builder().lost_limit(2).build().unwrap().spawn();
        stage.script.attempts(2 + deploy).await;
        worker.shutdown().await.unwrap();
        let status = stage.client.status("order", "1").await.unwrap();
        assert_eq!((status.step.as_deref(), status.attempt, status.lost), (Some("notify"), Some(1), 0));
    }
    let _worker = stage.worker();
    let handle = stage.client.handle::<order>("1").unwrap();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
}

#[tokio::test(start_paused = true)]
async fn shutdown_hands_back_at_once_what_waits_for_a_slot() {
    let stage = Stage::new(Script::default().on("reserve", [Act::Hang]));
    let worker = stage.builder().concurrency(2).grace(Duration::ZERO).build().unwrap().spawn();
    let mut handles = Vec::new();
    for _ in 0..6 {
        handles.push(stage.client.start(order("book".into(), 5)).await.unwrap());
    }
    stage.script.attempts(1).await;
    worker.shutdown().await.unwrap();
    let _worker = stage.worker();
    for handle in handles {
        assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
        assert_eq!(handle.status().await.unwrap().attempts, 3);
    }
}

/// What was stored by this call, though nobody said so, is told from what was stored by another.
#[tokio::test(start_paused = true)]
async fn a_note_whose_answer_was_lost_is_ones_own() {
    let stage = Stage::new(Script::default());
    let instance = InstanceId::new("order", "1").unwrap();
    let of = stage.transport.inner.append(Append::new(&instance, None, "record".into())).await.unwrap();
    let patience = Duration::from_secs(60);
    let note = |payload: &'static str| Note { instance: &instance, of, number: 0, payload: payload.into() };
    stage.transport.faults.lock().unwrap().extend([Fault::Busy, Fault::AnswerLost, Fault::Undecided]);
    appending::note(&*stage.transport, note("mine"), patience, |_| {}).await.unwrap();
    assert_eq!(stage.transport.notes(&instance, of).await.unwrap(), ["mine"]);
    for faults in [vec![], vec![Fault::AnswerLost]] {
        stage.transport.faults.lock().unwrap().extend(faults);
        let other = appending::note(&*stage.transport, note("another's"), patience, |_| {}).await;
        assert!(matches!(other, Err(Failed { error: AppendError::Superseded { .. }, .. })), "{other:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn crash_is_taken_over_by_another_worker() {
    let stage = Stage::new(Script::default().on("charge", [Act::Hang]));
    let worker = stage.worker();
    let handle = stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    stage.script.attempts(2).await;
    drop(worker);
    let _worker = stage.worker();
    stage.script.attempts(3).await;
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    assert_eq!(stage.script.done()[1..3], ["charge 1 order/1/charge/2", "charge 1 order/1/charge/2"]);
}

/// As when a transport can't park it, or a worker died while it did.
#[tokio::test(start_paused = true)]
async fn record_that_comes_early_many_times_counts_no_lost_worker() {
    let stage = Stage::new(Script::default().on("reserve", [Act::Hang]));
    let handle = stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    let instance = InstanceId::new("order", "1").unwrap();
    let stored = stage.transport.latest(&instance).await.unwrap().unwrap();
    let mut record = record::decode(&Json, &stored.payload).unwrap();
    let Some(Node::Step(call)) = record.frame.as_mut().and_then(|frame| frame.pending.as_deref_mut()) else {
        panic!("a step")
    };
    call.not_before = Some(after(stage.clock.now(), Duration::from_secs(600)));
    let payload = record::encode(&Json, &record).unwrap();
    let early = Append::new(&instance, Some(stored.revision), payload);
    let early = stage.transport.append(early).await.unwrap();
    let mut deliveries = stage.transport.deliveries("order", DeliveryOptions::default()).await.unwrap();
    for time in 1..=3 {
        let delivery = deliveries.next().await.unwrap().unwrap();
        assert_eq!(delivery.delivered, time);
        delivery.handle.nak(Duration::ZERO).await;
    }
    drop(deliveries);
    let _worker = stage.worker();
    stage.script.attempts(1).await;
    assert_eq!(handle.status().await.unwrap().lost, 0);
    let last = stage.transport.latest(&instance).await.unwrap().unwrap();
    assert!(last.revision > early, "appended again, which begins the count anew");
}

#[tokio::test(start_paused = true)]
async fn poison_step_counts_as_worker_lost() {
    let stage = Stage::new(Script::default().on("notify", [Act::Hang; 9]));
    let handle = stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    for crash in 1..=2 {
        let worker = stage.builder().lost_limit(2).build().unwrap().spawn();
        stage.script.attempts(2 + crash).await;
        assert_eq!(handle.status().await.unwrap().lost, crash as u32 - 1);
        drop(worker);
    }
    let _worker = stage.builder().lost_limit(2).build().unwrap().spawn();
    // The body takes the fault of this step as a value.
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 silent");
    assert_eq!(stage.script.done().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn long_step_is_kept_alive() {
    let stage = Stage::new(Script::default().on("charge", [Act::Hang]));
    let first = stage.builder().ack_wait(Duration::from_secs(5)).build().unwrap().spawn();
    let handle = stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    stage.script.attempts(2).await;
    let second = stage.builder().ack_wait(Duration::from_secs(5)).build().unwrap().spawn();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    // One that timed out after a minute, and its second attempt: nobody else has run the first meanwhile.
    assert_eq!(stage.script.done()[1..3], ["charge 1 order/1/charge/2", "charge 2 order/1/charge/2"]);
    assert_eq!(handle.status().await.unwrap().attempts, 4);
    first.shutdown().await.unwrap();
    second.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn lost_answers_and_busy_transports_repeat_no_step() {
    let stage = Stage::new(Script::default());
    let faults = [Fault::AnswerLost, Fault::Busy, Fault::Undecided, Fault::Busy, Fault::AnswerLost];
    stage.transport.faults.lock().unwrap().extend(faults);
    let _worker = stage.worker();
    let handle = stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    assert_eq!(stage.script.done().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn closed_transport_ends_the_worker() {
    let stage = Stage::new(Script::default());
    let worker = stage.builder().build().unwrap();
    let running = tokio::spawn(worker.run());
    stage.transport.close().await.unwrap();
    assert_eq!(running.await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test(start_paused = true)]
async fn run_until_stops_when_told() {
    let stage = Stage::new(Script::default());
    let worker = stage.builder().build().unwrap();
    let handle = stage.client.start(order("book".into(), 5)).await.unwrap();
    worker.run_until(handle.outcome()).await.unwrap();
    assert_eq!(stage.script.done().len(), 3);
}

/// It would look alive, and serve one saga fewer.
#[tokio::test(start_paused = true)]
async fn worker_that_cannot_serve_one_saga_ends_with_all_of_them() {
    let stage = Stage::new(Script::default());
    *stage.transport.refused.lock().unwrap() = Some("probe");
    let mut worker = stage.worker();
    let error = worker.ended().await;
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::Denied, "not you".to_owned()));
    // The other saga's receiver has ended, too.
    assert_eq!(worker.ended().await.kind(), ErrorKind::Closed);
    worker.shutdown().await.unwrap();
    let running = stage.builder().build().unwrap().run();
    assert_eq!(running.await.unwrap_err().kind(), ErrorKind::Denied);
}

#[tokio::test(start_paused = true)]
async fn shutdown_or_ends_the_grace_when_told() {
    let stage = Stage::new(Script::default().on("notify", [Act::Hang]));
    let worker = stage.builder().grace(Duration::from_secs(3600)).build().unwrap().spawn();
    let handle = stage.client.start(order("book".into(), 5)).id("1").await.unwrap();
    stage.script.attempts(3).await;
    let begun = tokio::time::Instant::now();
    worker.shutdown_or(tokio::time::sleep(Duration::from_secs(2))).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 2);
    let _worker = stage.worker();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    assert_eq!(handle.status().await.unwrap().lost, 0);
}
