//! What is told of instances that get stuck or fail: once each, whatever dies meanwhile.

use std::sync::Arc;

use sagaflow::prelude::*;
use sagaflow::testing::Lab;
use sagaflow::{Report, Status};

use crate::family::{HANGS, until};
use crate::support::{Trace, nats, reserve};

/// What it was told, as a line.
fn told(report: &Report) -> String {
    let Report { saga, id, status, reason, step, state, undone, .. } = report;
    let at = |part: &Option<String>| part.clone().unwrap_or_default();
    format!("{saga}/{id} {status:?} at `{}` of `{}`, {undone} undone: {reason}", at(step), at(state))
}

#[step]
async fn alert(#[inject] trace: &Trace, #[inject] cx: &StepContext, report: Report) -> Result<(), Failure> {
    trace.add(cx, told(&report));
    Ok(())
}

/// A hook may be a saga, too.
#[saga]
async fn alarm(report: Report) -> Result<(), Failure> {
    alert(report.clone()).await?;
    sleep("10ms").await;
    alert(report).await
}

#[saga(on_failed = alert, on_stuck = alarm)]
async fn booking(place: String) -> Result<String, Failure> {
    let first = reserve("Rome".to_owned()).await?;
    let second = reserve(place).await?;
    Ok(format!("{first}, {second}"))
}

#[step]
#[compensate(never(output))]
async fn sign(name: String) -> Result<String, Failure> {
    Ok(name)
}

#[step]
async fn never(name: String) -> Result<(), Failure> {
    Err(Failure::new(format!("{name} can't be taken back")))
}

#[saga(on_stuck = alarm)]
async fn contract(place: String) -> Result<String, Failure> {
    let name = sign("Ada".to_owned()).await?;
    reserve(place).await?;
    Ok(name)
}

fn lines(trace: &Trace) -> Vec<String> {
    trace.without_repeats().into_iter().filter(|text| text.contains(" at `")).collect()
}

#[test]
fn a_failure_is_told_once_through_every_crash() {
    let mut lab = Lab::new();
    lab.provide(Trace::default);
    let failed = "booking/case Compensated at `reserve` of ``, 1 undone: all full is full";
    lab.check(booking("all full".into())).every_crash().assert_all(|run| {
        assert_eq!(run.status(), Status::Compensated);
        assert_eq!(lines(run.get::<Trace>()), [failed]);
    });
    lab.check(booking("Oslo".into())).every_crash().assert_all(|run| {
        assert!(run.completed());
        assert_eq!(lines(run.get::<Trace>()), [""; 0]);
    });
}

#[test]
fn who_is_stuck_is_told_once_through_every_crash() {
    let mut lab = Lab::new();
    lab.provide(Trace::default);
    lab.check(contract("all full".into())).every_crash().assert_all(|run| {
        assert!(run.is_stuck());
        let lines = lines(run.get::<Trace>());
        assert_eq!(lines.len(), 2, "the saga tells it twice: {lines:?}");
        assert_eq!(lines[0], lines[1]);
        assert!(lines[0].starts_with("contract/case Stuck at `never`"), "{lines:?}");
        assert!(lines[0].ends_with("Ada can't be taken back"), "{lines:?}");
    });
}

async fn wait(trace: &Trace, lines_wanted: usize) -> Vec<String> {
    let found = async {
        loop {
            let lines = lines(trace);
            if lines.len() >= lines_wanted {
                return lines;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(HANGS, found).await.unwrap_or_else(|_| panic!("nothing is told: {:?}", trace.texts()))
}

/// An operator who pauses, terminates or cancels knows of it.
#[tokio::test]
async fn what_was_done_on_purpose_is_not_told() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let trace = Arc::new(Trace::default());
        let client = Client::new(transport.clone());
        let builder = Worker::builder(transport).serve::<patience>().serve::<booking>();
        let worker = builder.provide_shared(trace.clone()).build().unwrap().spawn();
        let start = async |id: &str| client.start(patience()).id(id).await.unwrap();
        let (cancelled, terminated, paused) = (start("a").await, start("b").await, start("c").await);
        cancelled.cancel().await.unwrap();
        cancelled.outcome().await.unwrap().unwrap_err();
        terminated.terminate().await.unwrap();
        paused.pause().await.unwrap();
        until(&client, "patience", "c", |status| status == Status::Paused).await;
        // What comes after that is told.
        client.start(booking("all full".into())).id("d").await.unwrap().outcome().await.unwrap().unwrap_err();
        assert_eq!(wait(&trace, 1).await, ["booking/d Compensated at `reserve` of ``, 1 undone: all full is full"]);
        worker.shutdown().await.unwrap();
    }
}

#[saga(on_stuck = alert, on_failed = alert)]
async fn patience() -> Result<(), Failure> {
    sleep("1h").await;
    Ok(())
}

#[saga(on_stuck = alert)]
async fn unwritable() -> Result<std::collections::BTreeMap<Vec<u8>, u8>, Failure> {
    reserve("Rome".to_owned()).await.map(|_| [(vec![1], 2)].into())
}

/// What a worker pauses waits for an operator as well.
#[tokio::test]
async fn a_pause_is_told_with_its_reason() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let trace = Arc::new(Trace::default());
        let client = Client::new(transport.clone());
        let builder = Worker::builder(transport).serve::<unwritable>().provide_shared(trace.clone());
        let worker = builder.build().unwrap().spawn();
        client.start(unwritable()).id("case").await.unwrap();
        let lines = wait(&trace, 1).await;
        assert!(lines[0].starts_with("unwritable/case Paused at `reserve` of `reserve`"), "{lines:?}");
        assert!(lines[0].contains("what `unwritable` returned can't be saved"), "{lines:?}");
        worker.shutdown().await.unwrap();
    }
}

/// A restart takes up what is stuck again, and tells nobody what was told.
#[tokio::test]
async fn a_stuck_record_on_disk_is_told_once() {
    let directory = tempfile::tempdir().unwrap();
    let stored = format!("embedded:{}", directory.path().display());
    let transport = sagaflow::connect(&stored).await.unwrap();
    let client = Client::new(transport.clone());
    let trace = Arc::new(Trace::default());
    let builder = Worker::builder(transport.clone()).serve::<contract>().provide_shared(trace.clone());
    let worker = builder.build().unwrap().spawn();
    client.start(contract("all full".into())).id("case").await.unwrap();
    until(&client, "contract", "case", |status| status == Status::Stuck).await;
    wait(&trace, 2).await;
    worker.shutdown().await.unwrap();
    transport.close().await.unwrap();
    drop((client, transport));
    let transport = sagaflow::connect(&stored).await.unwrap();
    let again = Arc::new(Trace::default());
    let builder = Worker::builder(transport.clone()).serve::<contract>().provide_shared(again.clone());
    let worker = builder.build().unwrap().spawn();
    // It is known to have been told.
    let client = Client::new(transport);
    client.start(contract("all full".into())).id("other").await.unwrap();
    let lines = wait(&again, 2).await;
    assert!(lines.iter().all(|line| line.starts_with("contract/other")), "{lines:?}");
    worker.shutdown().await.unwrap();
}
