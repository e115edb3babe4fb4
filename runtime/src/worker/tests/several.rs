//! Steps side by side: what is stored while some of them run, and who goes on when their worker is gone.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::{Faulty, Stage};
use crate::example::{Act, Script, charges, fan};
use crate::record::{self, Json, Record, StepCall};
use crate::transport::{Append, InstanceId, Revision};
use crate::{Status, Transport, Worker};

/// The instance as it is stored, without its notes.
async fn stored(stage: &Stage) -> (Revision, Box<Record>) {
    let stored = stage.transport.latest(&instance()).await.unwrap().unwrap();
    (stored.revision, record::decode(&Json, &stored.payload).unwrap())
}

fn instance() -> InstanceId {
    InstanceId::new("fan", "1").unwrap()
}

fn call(record: &Record, step: &str) -> StepCall {
    let mut found = None;
    record.frame.as_ref().unwrap().pending.as_ref().unwrap().calls(&mut |call| {
        if call.step == step {
            found = Some(call.clone());
        }
    });
    found.expect("it is pending")
}

/// Starts it, and waits until so many attempts are being made, and what came of those that have ended is stored.
async fn begun(stage: &Stage, attempts: usize) -> crate::Handle<fan> {
    let handle = stage.client.start(fan(5)).id("1").await.unwrap();
    stage.script.attempts(attempts).await;
    sleep(Duration::from_millis(10)).await;
    handle
}

#[tokio::test(start_paused = true)]
async fn steps_run_side_by_side_and_their_results_are_stored_together() {
    let stage = Stage::new(Script::default());
    let _worker = stage.worker();
    let handle = begun(&stage, 3).await;
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    let mut done = stage.script.done();
    done.sort();
    assert_eq!(done, ["charge 1 fan/1/join/2", "notify 1 fan/1/join/3", "reserve 1 fan/1/join/1"]);
    let status = handle.status().await.unwrap();
    assert_eq!((status.status, status.steps, status.attempts), (Status::Completed, 3, 3));
}

#[tokio::test(start_paused = true)]
async fn crash_repeats_only_what_had_not_ended() {
    let stage = Stage::new(Script::default().on("charge", [Act::Hang]));
    let worker = stage.worker();
    let handle = begun(&stage, 3).await;
    let held = stored(&stage).await.1.held.expect("it is held");
    assert!(held.runs.contains(&2), "{held:?}");
    drop(worker);
    let _worker = stage.worker();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    let done = stage.script.done();
    assert_eq!((done.len(), done[3].as_str()), (4, "charge 1 fan/1/join/2"));
    assert_eq!(handle.status().await.unwrap().attempts, 3);
}

#[tokio::test(start_paused = true)]
async fn lost_workers_are_counted_for_what_they_ran() {
    let stage = Stage::new(Script::default().on("charge", [Act::Hang; 2]));
    let worker = stage.worker();
    let _handle = begun(&stage, 3).await;
    drop(worker);
    let _worker = stage.worker();
    stage.script.attempts(4).await;
    let (_, record) = stored(&stage).await;
    assert_eq!(call(&record, "charge").lost, 1);
}

/// Nobody knows which of several has killed the worker; so they are tried alone before one of them counts as failed.
#[tokio::test(start_paused = true)]
async fn poison_is_found_without_harm_to_those_beside_it() {
    let script = Script::default().on("notify", [Act::Hang; 9]).on("charge", [Act::Hang]).on("reserve", [Act::Hang]);
    let stage = Stage::new(script);
    let handle = stage.client.start(fan(5)).id("1").await.unwrap();
    for crash in 1..=2 {
        let worker = stage.builder().lost_limit(2).build().unwrap().spawn();
        // All three, and then each alone: those before the last come to their ends.
        stage.script.attempts(3 * crash).await;
        sleep(Duration::from_millis(10)).await;
        drop(worker);
    }
    let _worker = stage.builder().lost_limit(2).build().unwrap().spawn();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 silent");
    let done = stage.script.done();
    assert_eq!(done.len(), 6, "{done:?}");
    assert_eq!(handle.status().await.unwrap().attempts, 3);
}

#[tokio::test(start_paused = true)]
async fn long_step_beside_others_is_held_and_nobody_takes_it_over() {
    let stage = Stage::new(Script::default().on("charge", [Act::Hang]));
    let first = stage.builder().ack_wait(Duration::from_secs(5)).build().unwrap().spawn();
    let handle = begun(&stage, 3).await;
    let second = stage.builder().ack_wait(Duration::from_secs(5)).build().unwrap().spawn();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    // It has timed out after a minute, and was tried once more.
    assert_eq!(stage.script.done()[3..], ["charge 2 fan/1/join/2"]);
    assert_eq!(handle.status().await.unwrap().attempts, 4);
    first.shutdown().await.unwrap();
    second.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_step_has_its_own_retries_and_waits_parked() {
    let stage = Stage::new(Script::default().on("reserve", [Act::Fail, Act::Fail]).on("charge", [Act::Fail]));
    let _worker = stage.worker();
    let handle = begun(&stage, 3).await;
    let (_, record) = stored(&stage).await;
    assert!(record.held.is_none(), "nothing runs");
    assert_eq!((call(&record, "reserve").attempt, call(&record, "charge").attempt), (2, 2));
    assert!(handle.status().await.unwrap().wakes.is_some());
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    assert_eq!(handle.status().await.unwrap().attempts, 6);
}

#[tokio::test(start_paused = true)]
async fn shutdown_stores_what_has_ended_and_counts_no_lost_worker() {
    let stage = Stage::new(Script::default().on("charge", [Act::Hang]));
    let worker = stage.builder().grace(Duration::from_secs(1)).build().unwrap().spawn();
    let handle = begun(&stage, 3).await;
    worker.shutdown().await.unwrap();
    let (_, record) = stored(&stage).await;
    assert_eq!((record.held.clone(), record.attempts, call(&record, "charge").lost), (None, 2, 0));
    let _worker = stage.worker();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    assert_eq!(stage.script.done().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn shutdown_lets_all_of_them_end() {
    let stage = Stage::new(Script::default().on("charge", [Act::Hang]));
    let worker = stage.builder().grace(Duration::from_secs(61)).build().unwrap().spawn();
    let _handle = begun(&stage, 3).await;
    worker.shutdown().await.unwrap();
    let (_, record) = stored(&stage).await;
    let charge = call(&record, "charge");
    assert_eq!((record.attempts, charge.attempt, charge.lost), (3, 2, 0), "it has timed out in the grace");
}

/// As when this process was paused: what it comes to after that is nobody's.
#[tokio::test(start_paused = true)]
async fn what_a_replaced_holder_comes_to_is_dropped() {
    let stage = Stage::new(Script::default().on("charge", [Act::Hang]));
    let _worker = stage.worker();
    let handle = begun(&stage, 3).await;
    let (revision, mut record) = stored(&stage).await;
    record.held = None;
    let payload = record::encode(&Json, &record).unwrap();
    stage.transport.append(Append::new(&instance(), Some(revision), payload)).await.unwrap();
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    // The last note is void, and what it said is done again; the rest is not.
    let done = stage.script.done();
    assert!(done.len() <= 6, "{done:?}");
}

/// A holder that could not renew its hold is replaced, and can note nothing after that.
#[tokio::test(start_paused = true)]
async fn a_holder_that_is_late_finds_its_notes_closed() {
    let stage = Stage::new(Script::default().on("charge", [Act::Hang; 2]));
    let _late = stage.worker();
    let handle = begun(&stage, 3).await;
    let (revision, _) = stored(&stage).await;
    stage.transport.slow_notes.send_replace(true);
    // Another process, whose notes get through.
    let inner = stage.transport.inner.clone();
    let other = Worker::builder(inner.clone()).serve::<fan>().provide_shared(stage.script.clone()).clock(stage.clock);
    let _other = other.build().unwrap().spawn();
    stage.script.attempts(4).await;
    let (now, record) = stored(&stage).await;
    assert!(now > revision);
    assert_eq!(call(&record, "charge").lost, 1);
    stage.transport.slow_notes.send_replace(false);
    assert_eq!(handle.outcome().await.unwrap().unwrap(), "7 5 notified");
    // The first attempt was made twice, and has timed out: the late one has begun nothing more.
    let done = stage.script.done();
    assert_eq!(done[3..], ["charge 1 fan/1/join/2", "charge 2 fan/1/join/2"]);
}

#[tokio::test(start_paused = true)]
async fn a_step_beside_others_knows_whether_it_still_stands() {
    let stage = Stage::new(Script::default().on("charge", [Act::Hang]));
    let _worker = stage.worker();
    let _handle = begun(&stage, 3).await;
    let context = stage.script.context("charge");
    assert!(context.is_current().await.unwrap(), "others have moved the record on, but it is the same worker's");
    let (revision, mut record) = stored(&stage).await;
    record.held = None;
    let payload = record::encode(&Json, &record).unwrap();
    stage.transport.append(Append::new(&instance(), Some(revision), payload)).await.unwrap();
    assert!(!context.is_current().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_outgrows_the_transport_pauses_with_its_largest_part() {
    let mut stage = Stage::new(Script::default());
    stage.transport = Arc::new(Faulty { max_record: 4096 + 7000, ..Faulty::new() });
    stage.client = crate::Client::new(stage.transport.clone());
    let _worker = stage.worker();
    let handle = stage.client.start(charges((0..50).collect(), 1)).id("1").await.unwrap();
    let mut status = handle.status().await.unwrap();
    while status.status != Status::Paused {
        assert_eq!(status.status, Status::Running);
        sleep(Duration::from_millis(10)).await;
        status = handle.status().await.unwrap();
    }
    let reason = status.reason.clone().unwrap();
    assert!(reason.contains("7000 is the most; its largest part is what a join of 50 branches waits for"), "{reason}");
    // What has ended is in the record that is kept.
    assert!(status.attempts > 10, "{status:?}");
}
