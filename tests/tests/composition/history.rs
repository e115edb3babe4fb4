//! The former records of instances, for sagas that keep them.

use std::sync::Arc;

use sagaflow::prelude::*;
use sagaflow::testing::Lab;
use sagaflow::{ErrorKind, InstanceStatus, Status};

use crate::family::until;
use crate::support::{Trace, measure, nats, reserve};

#[saga(history = "7d")]
async fn kept(place: String) -> Result<u32, Failure> {
    let mut sum = 0;
    for number in 1..=3 {
        sum += measure(number).await;
        progress(&sum);
    }
    reserve(place).await?;
    sleep("50ms").await;
    Ok(sum)
}

async fn read(client: &Client, saga: &str, id: &str) -> Vec<InstanceStatus> {
    let mut history = client.history(saga, id).unwrap();
    let mut all = Vec::new();
    while let Some(status) = history.next().await {
        all.push(status.unwrap());
    }
    all
}

fn states(history: &[InstanceStatus]) -> Vec<String> {
    let state = |stood: &InstanceStatus| stood.state.clone().unwrap_or_else(|| format!("{:?}", stood.status));
    history.iter().map(state).collect()
}

/// Whatever dies: each record that there was is in the history, once and in order.
#[test]
fn a_history_has_every_record_through_every_crash() {
    let mut lab = Lab::new();
    lab.provide(Trace::default);
    lab.check(kept("Rome".into())).every_crash().every_failure().assert_all(|run| {
        let states = states(run.history());
        let mut moved = states.clone();
        moved.dedup();
        match run.completed() {
            true => assert_eq!(moved, ["measure", "reserve", "sleep", "Completed"], "{states:?}"),
            false => assert!(moved.len() < 4, "{states:?}"),
        }
        let steps: Vec<_> = run.history().iter().map(|stood| stood.steps).collect();
        assert!(steps.is_sorted(), "{steps:?}");
        let last = run.history().last().expect("there is one");
        assert_eq!(last.status, run.status());
        // No record is missing: each call is there at the place of its first attempt.
        assert_eq!((1..=*steps.last().unwrap()).find(|step| !steps.contains(step)), None, "{steps:?}");
    });
}

#[tokio::test]
async fn a_history_is_read_over_all_transports() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let client = Client::new(transport.clone());
        let trace = Arc::new(Trace::default());
        let worker = Worker::builder(transport).serve::<kept>().provide_shared(trace).build().unwrap().spawn();
        let handle = client.start(kept("Rome".into())).id("case").await.unwrap();
        handle.outcome().await.unwrap().unwrap();
        let history = read(&client, "kept", "case").await;
        assert_eq!(states(&history), ["measure", "measure", "measure", "reserve", "sleep", "Completed"]);
        let sums: Vec<Option<u32>> =
            history.iter().map(|stood| stood.progress.as_ref().map(|sum| sum.read().unwrap())).collect();
        assert_eq!(sums, [None, Some(1), Some(3), Some(6), Some(6), Some(6)]);
        // Started anew, the same id goes on with its history.
        client.start(kept("Oslo".into())).id("case").if_exists(IfExists::Restart).await.unwrap();
        handle.outcome().await.unwrap().unwrap();
        let both = read(&client, "kept", "case").await;
        assert_eq!(states(&both), [states(&history), states(&history)].concat());
        worker.shutdown().await.unwrap();
    }
}

/// What an operator does is in it, too.
#[tokio::test]
async fn a_history_tells_what_operators_did() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let client = Client::new(transport.clone());
        let worker = Worker::builder(transport).serve::<waits>().build().unwrap().spawn();
        let handle = client.start(waits()).id("case").await.unwrap();
        handle.pause().await.unwrap();
        until(&client, "waits", "case", |status| status == Status::Paused).await;
        handle.resume().await.unwrap();
        until(&client, "waits", "case", |status| status == Status::Running).await;
        handle.terminate().await.unwrap();
        let statuses: Vec<_> = read(&client, "waits", "case").await.iter().map(|stood| stood.status).collect();
        assert_eq!(statuses, [Status::Running, Status::Paused, Status::Running, Status::Terminated]);
        worker.shutdown().await.unwrap();
    }
}

#[saga(history = "1h")]
async fn waits() -> u32 {
    sleep("1h").await;
    7
}

#[saga]
async fn not_kept() -> u32 {
    measure(1).await + measure(2).await
}

/// Without a history there is the last record, and no line in any log.
#[tokio::test]
async fn a_saga_without_a_history_has_its_last_record() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let worker = Worker::builder(transport).serve::<not_kept>().provide(Trace::default()).build().unwrap().spawn();
    client.start(not_kept()).id("case").await.unwrap().outcome().await.unwrap().unwrap();
    assert_eq!(states(&read(&client, "not_kept", "case").await), ["Completed"]);
    let mut none = client.history("not_kept", "none").unwrap();
    assert_eq!(none.next().await.unwrap().unwrap_err().kind(), ErrorKind::NotFound);
    assert!(none.next().await.is_none());
    worker.shutdown().await.unwrap();
}
