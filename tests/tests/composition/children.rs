//! Children: instances of their own, started and waited for, whoever dies meanwhile.

use std::sync::Arc;

use sagaflow::prelude::*;
use sagaflow::{FaultKind, Status, StepError};

use crate::family::{self, fleet, run, ship, until, weigh};
use crate::support::{Trace, nats, pay, reserve};

#[saga]
async fn one(place: String) -> Result<String, Failure> {
    let before = reserve("before".to_owned()).await?;
    let shipped = match ship(place).child().await {
        Ok(shipped) => shipped,
        Err(error) => format!("not shipped: {error}"),
    };
    Ok(format!("{before}, {shipped}"))
}

#[tokio::test]
async fn a_child_is_started_and_waited_for() {
    let run = run(|| one("Rome".into())).await;
    assert_eq!(run.result, r#""before, Rome at dock for Rome.""#);
    assert_eq!(run.texts, ["reserve Rome", "reserve before", "reserve dock for Rome."]);
    let inline = Dependencies::new().with_shared(Arc::new(Trace::default())).scope(one("Rome".into()).inline()).await;
    assert_eq!(format!("{:?}", inline.unwrap()), run.result);
}

#[tokio::test]
async fn its_error_is_the_callers_and_it_has_undone_its_own_work() {
    let run = run(|| one("all full".into())).await;
    assert_eq!(run.result, r#""before, not shipped: all full is full""#);
    let done = ["free dock for all full.", "reserve all full", "reserve before", "reserve dock for all full."];
    assert_eq!(run.texts, done);
}

#[saga]
async fn passes_on(place: String) -> Result<String, Failure> {
    ship(place).child().id("s-1").await
}

/// The chain of what failed goes through the instances.
#[tokio::test]
async fn an_error_says_of_which_instance_it_is() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let builder = Worker::builder(transport.clone()).serve::<passes_on>().provide(Trace::default());
    let worker = family::serve(builder).build().unwrap().spawn();
    let handle = Client::new(transport).start(passes_on("all full".into())).id("p-1").await.unwrap();
    let error = handle.outcome().await.unwrap().unwrap_err();
    let SagaError::Failed { call, .. } = &error else { panic!("{error:?}") };
    let chain: Vec<_> =
        call.chain().map(|call| format!("{} in {}/{}", call.of, call.origin.saga, call.origin.id)).collect();
    assert_eq!(chain, ["passes_on in passes_on/p-1", "ship in ship/s-1", "reserve in ship/s-1"]);
    assert_eq!(error.to_string(), "all full is full (from `reserve` at `reserve#2` of ship/s-1, attempt 1)");
    worker.shutdown().await.unwrap();
}

#[saga]
async fn weighs(number: u32) -> Result<String, Failure> {
    let place = reserve("before".to_owned()).await?;
    let weight = weigh(number).child().await;
    Ok(format!("{place} {weight}"))
}

#[saga]
async fn weighs_carefully(number: u32) -> Result<String, Failure> {
    match weigh(number).child().id("scales").outcome().await {
        Ok(weight) => Ok(weight.to_string()),
        Err(StepError::Fault(fault)) => Ok(format!("{:?} of {} at {}", fault.kind, fault.of, fault.origin.unwrap())),
        Err(error) => Ok(format!("{error}")),
    }
}

#[tokio::test]
async fn its_fault_unwinds_unless_it_is_taken_as_a_value() {
    assert_eq!(run(|| weighs(7)).await.result, r#""before 7""#);
    let unwound = run(|| weighs(13)).await;
    assert_eq!(unwound.result, "Panicked of measure");
    assert_eq!(unwound.texts, ["free before", "free scales 13", "reserve before", "reserve scales 13"]);
    let taken = run(|| weighs_carefully(13)).await;
    assert_eq!(taken.result, r#""Panicked of measure at `measure` of weigh/scales, attempt 1""#);
}

#[saga]
async fn travels(place: String) -> Result<String, Failure> {
    fleet(place).child().await
}

#[tokio::test]
async fn children_have_children() {
    let good = run(|| travels("Oslo".into())).await;
    assert_eq!(good.result, r#""Oslo at dock for Oslo. by ferry for Oslo.""#);
    let bad = run(|| travels("all full".into())).await;
    assert_eq!(bad.result, "failed: all full is full");
    assert!(bad.is_balanced() || bad.texts.len() == 5, "{bad:?}");
}

/// With a compensation, or without.
#[saga]
async fn fails_after(undone: bool) -> Result<(), Failure> {
    match undone {
        true => ship("Rome".to_owned()).child().compensate(sink("Rome".to_owned())).await?,
        false => ship("Oslo".to_owned()).child().await?,
    };
    pay(7).await?;
    Err(Failure::new("too late"))
}

#[step]
async fn sink(#[inject] trace: &Trace, #[inject] cx: &StepContext, place: String) {
    trace.add(cx, format!("sink {place}"));
}

#[tokio::test]
async fn what_a_finished_child_has_done_is_undone_only_where_the_call_says_so() {
    let kept = run(|| fails_after(false)).await;
    assert_eq!(kept.result, "failed: too late");
    assert_eq!(kept.texts, ["pay 7", "pay back 7", "reserve Oslo", "reserve dock for Oslo."]);
    let undone = family::runs(|_| fails_after(true)).await;
    for run in undone {
        assert_eq!(run.texts[run.texts.len() - 2..], ["pay back 7", "sink Rome"], "{run:?}");
    }
}

#[saga]
async fn several() -> Result<String, Failure> {
    let mut first = ship("Rome".to_owned()).child().start();
    let (second, weight, paid) = join!(ship("Oslo".to_owned()).child(), weigh(7).child(), pay(5)).await;
    let first = match race!(&mut first, sleep("1h")).await {
        Winner::First(first) => first?,
        Winner::Second(()) => "late".to_owned(),
    };
    let mut set = StartedSet::new();
    for number in 1..=3 {
        set.add(weigh(number).child());
    }
    let mut sum = 0;
    while let Some(weight) = set.next().await {
        sum += weight;
    }
    Ok(format!("{first}, {}, {weight}, {}, {sum}", second?, paid?))
}

#[tokio::test]
async fn children_run_beside_each_other_and_beside_steps() {
    let run = run(several).await;
    assert_eq!(run.result, r#""Rome at dock for Rome., Oslo at dock for Oslo., 7, 5, 6""#);
    assert_eq!(run.texts.len(), 4 + 2 + 1 + 6, "{run:?}");
}

#[saga]
async fn inside(place: String) -> Result<String, Failure> {
    ship(place).child().await
}

#[saga]
async fn outside() -> Result<String, Failure> {
    let first = inside("Rome".to_owned()).await?;
    let both = try_join!(inside("Oslo".to_owned()), inside("Bonn".to_owned())).await?;
    Ok(format!("{first}, {}, {}", both.0, both.1))
}

#[tokio::test]
async fn a_nested_saga_has_children_too() {
    let run = run(outside).await;
    assert_eq!(run.result, r#""Rome at dock for Rome., Oslo at dock for Oslo., Bonn at dock for Bonn.""#);
}

/// Who serves what, and when, makes no difference.
#[tokio::test]
async fn each_saga_may_have_a_worker_of_its_own_and_later() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let client = Client::new(transport.clone());
        let trace = Arc::new(Trace::default());
        let builder = || Worker::builder(transport.clone()).provide_shared(trace.clone());
        let parents = || builder().serve::<passes_on>().build().unwrap().spawn();
        let worker = parents();
        let handle = client.start(passes_on("Rome".into())).id("p-1").await.unwrap();
        until(&client, "ship", "s-1", |status| status == Status::Running).await;
        let status = client.status("ship", "s-1").await.unwrap();
        assert_eq!(status.parent.unwrap().to_string(), "passes_on/p-1");
        worker.shutdown().await.unwrap();
        // Nobody serves the parent any more.
        let worker = builder().serve::<ship>().build().unwrap().spawn();
        until(&client, "ship", "s-1", |status| status == Status::Completed).await;
        let status = handle.status().await.unwrap();
        assert_eq!((status.status, status.children.len()), (Status::Running, 1), "{status:?}");
        worker.shutdown().await.unwrap();
        let both = (parents(), builder().serve::<ship>().build().unwrap().spawn());
        assert_eq!(handle.outcome().await.unwrap().unwrap(), "Rome at dock for Rome.");
        assert_eq!(trace.texts(), ["reserve dock for Rome.", "reserve Rome"]);
        both.0.shutdown().await.unwrap();
        both.1.shutdown().await.unwrap();
    }
}

/// The kind of the fault that a child's cancel is to its parent.
#[tokio::test]
async fn a_child_that_somebody_else_cancels_is_a_fault() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let builder = Worker::builder(transport.clone()).serve::<watches>().provide(Trace::default());
    let worker = family::serve(builder).build().unwrap().spawn();
    let client = Client::new(transport);
    let handle = client.start(watches()).id("w-1").await.unwrap();
    until(&client, "patient", "p-1", |status| status == Status::Running).await;
    client.cancel("patient", "p-1").await.unwrap();
    let Err(SagaError::Fault(fault)) = handle.outcome().await.unwrap() else { panic!("it was cancelled") };
    let origin = fault.origin.unwrap();
    assert_eq!((fault.kind, &*origin.saga, &*origin.id), (FaultKind::Cancelled, "patient", "p-1"));
    worker.shutdown().await.unwrap();
}

#[saga]
async fn watches() -> Result<String, Failure> {
    family::patient("Rome".to_owned()).child().id("p-1").await
}
