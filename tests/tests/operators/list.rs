//! Listing, and doing something to all that fit.

use std::sync::Mutex;

use futures::TryStreamExt;
use jiff::Timestamp;
use sagaflow::client::Filter;
use sagaflow::prelude::*;
use sagaflow::{ErrorKind, Status};

use crate::support::{Stage, gate, on_both, outcome, refuse, seat, walk};

#[saga]
async fn waits(number: u32) -> Result<u32, Failure> {
    let through = gate(number).await?;
    Ok(through)
}

#[saga]
async fn fails() -> Result<(), Failure> {
    seat(1).await?;
    refuse().await
}

#[saga]
async fn family() -> Result<u32, Failure> {
    let (first, second) = join!(waits(1).child(), waits(2).child()).await;
    Ok(first? + second?)
}

async fn ids(stage: &Stage, filter: Filter) -> Vec<String> {
    let listed: Vec<_> = stage.client.list(filter).into_stream().try_collect().await.unwrap();
    let mut ids: Vec<_> = listed.iter().map(|status| status.instance.to_string()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn lists_what_fits() {
    on_both(async |transport| {
        let stage = Stage::serving::<fails>(&transport);
        assert!(ids(&stage, Filter::new()).await.is_empty(), "nothing is there yet");
        let before = Timestamp::now();
        for number in 0..3 {
            stage.client.start(waits(number)).id(format!("w{number}")).await.unwrap();
        }
        let between = Timestamp::now();
        stage.world.fail("release", 1);
        stage.client.start(fails()).id("f0").await.unwrap();
        stage.until("fails", "f0", Status::Stuck).await;
        let handle = stage.client.start(fails()).id("f1").await.unwrap();
        outcome(&handle).await.unwrap_err();

        let filter = Filter::new;
        let waiting = ["waits/w0", "waits/w1", "waits/w2"];
        assert_eq!(ids(&stage, filter().saga("waits")).await, waiting);
        assert_eq!(ids(&stage, filter()).await, ["fails/f0", "fails/f1", "waits/w0", "waits/w1", "waits/w2"]);
        assert_eq!(ids(&stage, filter().status(Status::Stuck)).await, ["fails/f0"]);
        let either = filter().status(Status::Stuck).status(Status::Compensated);
        assert_eq!(ids(&stage, either).await, ["fails/f0", "fails/f1"]);
        assert_eq!(ids(&stage, filter().state("gate")).await, waiting);
        assert_eq!(ids(&stage, filter().started_before(between)).await, waiting);
        assert_eq!(ids(&stage, filter().started_after(between)).await, ["fails/f0", "fails/f1"]);
        assert_eq!(ids(&stage, filter().updated_before(between)).await, waiting);
        assert_eq!(ids(&stage, filter().updated_after(before)).await.len(), 5);
        assert!(ids(&stage, filter().saga("unknown")).await.is_empty());
        assert!(ids(&stage, filter().saga("waits").status(Status::Stuck)).await.is_empty());
        assert_eq!(stage.client.list(filter().saga("waits")).count().await.unwrap(), 3);
        let error = stage.client.list(filter().saga("no saga")).count().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidId);
        stage.end().await;
    })
    .await;
}

/// All are listed, each once, though they move meanwhile.
#[tokio::test]
async fn what_moves_is_listed_once() {
    on_both(async |transport| {
        let stage = Stage::serving::<waits>(&transport);
        let start = |number| stage.client.start(waits(number)).id(format!("{number}")).into_future();
        let handles = futures::future::try_join_all((0..600).map(start)).await.unwrap();
        let mut listing = stage.client.list(Filter::new().saga("waits"));
        let first = listing.next().await.unwrap().unwrap();
        stage.world.open_the_gate();
        for handle in &handles {
            outcome(handle).await.unwrap();
        }
        let mut all = vec![first.instance.to_string()];
        while let Some(status) = listing.next().await {
            all.push(status.unwrap().instance.to_string());
        }
        all.sort();
        let listed = all.len();
        all.dedup();
        assert_eq!((all.len(), listed), (600, 600));
        stage.end().await;
    })
    .await;
}

#[tokio::test]
async fn batches() {
    on_both(async |transport| {
        let stage = Stage::serving::<fails>(&transport);
        let stuck = || Filter::new().saga("fails").status(Status::Stuck);
        let none = stage.client.batch(stuck()).retry().await.unwrap();
        assert_eq!((none.matched, none.done, none.failed), (0, 0, 0), "a filter that matches nothing");
        stage.world.fail("release", 50);
        let mut handles = Vec::new();
        for number in 0..50 {
            handles.push(stage.client.start(fails()).id(format!("{number}")).await.unwrap());
        }
        for number in 0..50 {
            stage.until("fails", &number.to_string(), Status::Stuck).await;
        }
        let other = stage.client.start(waits(1)).id("1").await.unwrap();
        let dry = stage.client.batch(stuck()).dry_run().retry().await.unwrap();
        assert_eq!((dry.matched, dry.done, dry.failed), (50, 0, 0));
        assert_eq!(stage.client.list(stuck()).count().await.unwrap(), 50, "nothing was done");
        let told = Mutex::new(Vec::new());
        let tell = |report: &sagaflow::client::BatchReport| told.lock().unwrap().push(report.done);
        let report = stage.client.batch(Filter::new()).on_progress(tell).retry().await.unwrap();
        assert_eq!((report.matched, report.done, report.failed), (50, 50, 0), "{:?}", report.errors);
        assert_eq!(told.into_inner().unwrap(), (1..=50).collect::<Vec<_>>());
        for handle in &handles {
            outcome(handle).await.unwrap_err();
        }

        let error = stage.client.batch(Filter::new()).terminate().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOptions);
        let report = stage.client.batch(Filter::new().saga("waits")).terminate().await.unwrap();
        assert_eq!((report.matched, report.done), (1, 1));
        outcome(&other).await.unwrap_err();
        stage.end().await;
    })
    .await;
}

/// The other verbs, too.
#[tokio::test]
async fn batches_of_all_verbs() {
    on_both(async |transport| {
        let stage = Stage::serving::<walk>(&transport);
        let all = || Filter::new().saga("walk");
        let mut handles = Vec::new();
        for number in 0..3 {
            handles.push(stage.client.start(walk()).id(format!("{number}")).await.unwrap());
        }
        stage.world.at_the_gate(3).await;
        assert_eq!(stage.client.batch(all()).resume().await.unwrap().matched, 0, "none is paused");
        let paused = stage.client.batch(all()).pause().await.unwrap();
        assert_eq!((paused.matched, paused.done), (3, 3));
        for handle in &handles {
            assert_eq!(stage.walked_to_rest("walk", handle.id()).await.status, Status::Paused);
        }
        let cancelled = stage.client.batch(all()).cancel().await.unwrap();
        assert_eq!(cancelled.matched, 0, "what is paused can't be cancelled");
        let resumed = stage.client.batch(all().status(Status::Paused)).resume().await.unwrap();
        assert_eq!((resumed.matched, resumed.done), (3, 3));
        let cancelled = stage.client.batch(all()).cancel().await.unwrap();
        assert_eq!((cancelled.matched, cancelled.done), (3, 3));
        for handle in &handles {
            stage.walked_to_rest("walk", handle.id()).await;
            outcome(handle).await.unwrap_err();
        }
        stage.end().await;

        let stage = Stage::serving::<walk>(&transport);
        let handle = stage.client.start(walk()).id("last").await.unwrap();
        handle.pause().await.unwrap();
        stage.walked_to_rest("walk", "last").await;
        let skipped = stage.client.batch(all()).skip(&false).await.unwrap();
        assert_eq!((skipped.matched, skipped.done), (1, 1));
        outcome(&handle).await.unwrap();
        stage.end().await;
    })
    .await;
}

/// Children are found by their parent, and one that is terminated tells it so.
#[tokio::test]
async fn children_are_listed_and_terminated() {
    on_both(async |transport| {
        let stage = Stage::serving::<family>(&transport);
        let handle = stage.client.start(family()).id("1").await.unwrap();
        stage.client.start(waits(3)).id("no child").await.unwrap_err();
        stage.client.start(waits(3)).id("nobodys").await.unwrap();
        let children = || Filter::new().saga("waits").parent("family", "1");
        let born = async {
            while stage.client.list(children()).count().await.unwrap() < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(crate::support::HANGS, born).await.unwrap();
        let report = stage.client.batch(children()).terminate().await.unwrap();
        assert_eq!((report.matched, report.done), (2, 2));
        // Somebody has to serve them for their parent to hear of it.
        let worker = Worker::builder(transport).serve::<waits>().provide_shared(stage.world.clone());
        let worker = worker.build().unwrap().spawn();
        let Err(SagaError::Fault(fault)) = outcome(&handle).await else { panic!("its children were terminated") };
        assert_eq!((fault.kind, &*fault.of), (sagaflow::FaultKind::Terminated, "waits"));
        worker.shutdown().await.unwrap();
        stage.end().await;
    })
    .await;
}
