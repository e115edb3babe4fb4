//! Ids of children, ids that are taken, and instances that are started for good.

use std::sync::Arc;

use sagaflow::prelude::*;
use sagaflow::{FaultKind, Status, StepError};

use crate::family::{self, patient, run, runs, ship, until};
use crate::support::{Trace, nats, reserve};

#[saga]
async fn named(id: String, place: String) -> Result<String, Failure> {
    match ship(place).child().id(id).outcome().await {
        Ok(shipped) => Ok(shipped),
        Err(StepError::Fault(fault)) => Ok(fault.to_string()),
        Err(StepError::Failed(error)) => Err(error),
        Err(other) => Ok(other.to_string()),
    }
}

#[tokio::test]
async fn an_id_that_is_taken_is_a_fault_that_says_by_whom() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let client = Client::new(transport.clone());
        let trace = Arc::new(Trace::default());
        let builder = Worker::builder(transport).serve::<named>().serve::<twice>().provide_shared(trace.clone());
        let worker = family::serve(builder).build().unwrap().spawn();
        let outcome = async |call: Call<named>, id: &str| {
            client.start(call).id(id).await.unwrap().outcome().await.unwrap().unwrap()
        };
        let by_client = client.start(ship("Rome".into())).id("s-1").await.unwrap();
        by_client.outcome().await.unwrap().unwrap();
        assert_eq!(
            outcome(named("s-1".into(), "Oslo".into()), "n-1").await,
            "`ship` could not be started: ship/s-1 is there already, started by a client"
        );
        assert_eq!(outcome(named("s-2".into(), "Oslo".into()), "n-2").await, "Oslo at dock for Oslo.");
        assert_eq!(
            outcome(named("s-2".into(), "Bonn".into()), "n-3").await,
            "`ship` could not be started: ship/s-2 is there already, started by named/n-2"
        );
        assert!(!trace.texts().contains(&"reserve Bonn".to_owned()));
        // Another saga's instance of that id is another instance.
        assert_eq!(outcome(named("n-1".into(), "Bonn".into()), "n-4").await, "Bonn at dock for Bonn.");
        let handle = client.start(twice()).id("t-1").await.unwrap();
        let Err(SagaError::Fault(fault)) = handle.outcome().await.unwrap() else { panic!("the second one fails") };
        assert_eq!(fault.kind, FaultKind::NotStarted);
        assert!(fault.message.contains("started by twice/t-1"), "{fault}");
        assert_eq!(fault.origin.unwrap().site, "ship#2");
        worker.shutdown().await.unwrap();
    }
}

#[saga]
async fn twice() -> Result<String, Failure> {
    reserve("before".to_owned()).await?;
    ship("Rome".to_owned()).child().id("same").await?;
    ship("Oslo".to_owned()).child().id("same").await
}

#[tokio::test]
async fn a_fault_of_a_start_unwinds() {
    let run = run(twice).await;
    assert_eq!(run.result, "NotStarted of ship");
    assert_eq!(run.texts, ["free before", "reserve Rome", "reserve before", "reserve dock for Rome."]);
}

#[tokio::test]
async fn what_can_be_no_id_pauses_the_parent() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let worker = Worker::builder(transport).serve::<named>().provide(Trace::default()).build().unwrap().spawn();
    let handle = client.start(named("a b".into(), "Rome".into())).id("n-1").await.unwrap();
    until(&client, "named", "n-1", |status| status == Status::Paused).await;
    let reason = handle.status().await.unwrap().reason.unwrap();
    assert!(reason.contains("the id `a b` can't be used: it contains ' '"), "{reason}");
    worker.shutdown().await.unwrap();
}

/// The ids of a parent with a long one are made of a hash.
#[tokio::test]
async fn a_long_id_has_children() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let builder = Worker::builder(transport).serve::<twins>().provide(Trace::default());
    let worker = family::serve(builder).build().unwrap().spawn();
    let id = "x".repeat(128);
    let handle = client.start(twins()).id(id.as_str()).await.unwrap();
    assert_eq!(handle.outcome().await.unwrap().unwrap().len(), 2);
    worker.shutdown().await.unwrap();
}

#[saga]
async fn twins() -> Result<Vec<String>, Failure> {
    try_join_all(["Rome", "Oslo"].map(|place| ship(place.to_owned()).child())).await
}

/// Starts one for good, and fails.
#[saga]
async fn starts_one(fails: bool) -> Result<String, Failure> {
    let started = ship("Rome".to_owned()).detach().id("d-1").await;
    reserve("after".to_owned()).await?;
    if fails {
        return Err(Failure::new("too late"));
    }
    Ok(started.to_string())
}

#[tokio::test]
async fn what_is_detached_lives_on_whatever_becomes_of_its_parent() {
    for run in runs(|_| starts_one(false)).await {
        assert_eq!(run.result, r#""ship/d-1""#);
        run.at("reserve after");
    }
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let client = Client::new(transport.clone());
        let trace = Arc::new(Trace::default());
        let builder = || Worker::builder(transport.clone()).provide_shared(trace.clone());
        let parents = builder().serve::<starts_one>().build().unwrap().spawn();
        let handle = client.start(starts_one(true)).id("o-1").await.unwrap();
        assert!(handle.outcome().await.unwrap().is_err(), "it has failed, and waits for nothing");
        let status = client.status("ship", "d-1").await.unwrap();
        assert_eq!((status.status, status.parent.unwrap().to_string()), (Status::Running, "starts_one/o-1".to_owned()));
        let children = builder().serve::<ship>().build().unwrap().spawn();
        let handle = client.handle::<ship>("d-1").unwrap();
        assert_eq!(handle.outcome().await.unwrap().unwrap(), "Rome at dock for Rome.");
        parents.shutdown().await.unwrap();
        children.shutdown().await.unwrap();
    }
}

/// Detaches many at a time, and waits for ever.
#[saga]
async fn starts_many() -> Result<usize, Failure> {
    let started = join_all((0..20).map(|number| patient(format!("place {number}")).detach())).await;
    sleep("1h").await;
    Ok(started.len())
}

#[tokio::test]
async fn a_cancel_does_not_reach_what_is_detached() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    let builder = Worker::builder(transport).serve::<starts_many>().provide(Trace::default());
    let worker = family::serve(builder).build().unwrap().spawn();
    let handle = client.start(starts_many()).id("m").await.unwrap();
    let ids: Vec<_> = (1..=20).map(|call| format!("starts_many:m:{call}")).collect();
    for id in &ids {
        until(&client, "patient", id, |status| status == Status::Running).await;
    }
    handle.cancel().await.unwrap();
    assert!(handle.outcome().await.unwrap().is_err());
    for id in &ids {
        assert_eq!(client.status("patient", id).await.unwrap().status, Status::Running);
    }
    worker.shutdown().await.unwrap();
}

/// The id of a detached instance waits in a variable, and is awaited no more.
#[saga]
async fn remembers() -> Result<(String, String), Failure> {
    let first = ship("Rome".to_owned()).detach().await;
    let second = ship("Oslo".to_owned()).detach().await;
    reserve("after".to_owned()).await?;
    Ok((first.id().to_owned(), second.id().to_owned()))
}

#[tokio::test]
async fn a_reference_to_what_is_detached_waits_in_a_variable() {
    for run in runs(|_| remembers()).await {
        assert_eq!(run.result, r#"("remembers:case:1", "remembers:case:2")"#);
    }
}
