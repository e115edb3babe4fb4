//! Steps and sagas that are limited: none too many, none lost, and others are not held up.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all as all_of;
use jiff::Timestamp;
use sagaflow::Status;
use sagaflow::client::Filter;
use sagaflow::prelude::*;
use sagaflow::testing::Lab;

use crate::family::HANGS;
use crate::support::{Trace, measure, nats};

/// How many are there now, and were there at most.
#[derive(Debug, Default)]
struct Lane {
    now: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
}

#[step(concurrency = 2)]
async fn pass(#[inject] lane: &Lane, car: u32) -> u32 {
    let now = lane.now.fetch_add(1, Ordering::SeqCst) + 1;
    lane.most.fetch_max(now, Ordering::SeqCst);
    lane.all.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(20)).await;
    lane.now.fetch_sub(1, Ordering::SeqCst);
    car
}

#[saga]
async fn drive(car: u32) -> u32 {
    pass(car).await
}

#[saga]
async fn walk(number: u32) -> u32 {
    measure(number).await
}

/// The worker has four slots: if those that wait held them, nobody could walk.
#[tokio::test]
async fn no_more_than_so_many_at_a_time() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let lane = Arc::new(Lane::default());
        let builder = Worker::builder(transport.clone()).serve::<drive>().serve::<walk>().concurrency(4);
        let builder = builder.provide_shared(lane.clone()).provide(Trace::default());
        let worker = builder.build().unwrap().spawn();
        let client = Client::new(transport);
        let driving = all_of((0..24).map(|car| client.start(drive(car)).into_future())).await;
        let walks = client.start(walk(7)).await.unwrap();
        assert_eq!(tokio::time::timeout(HANGS, walks.outcome()).await.unwrap().unwrap(), Ok(7));
        for (car, drives) in (0..).zip(driving) {
            let outcome = tokio::time::timeout(HANGS, drives.unwrap().outcome()).await.expect("none is forgotten");
            assert_eq!(outcome.unwrap(), Ok(car));
        }
        let made = (lane.most.load(Ordering::SeqCst), lane.all.load(Ordering::SeqCst));
        assert_eq!(made, (2, 24), "none too many, and none twice");
        worker.shutdown().await.unwrap();
    }
}

#[step(concurrency = 2, shared)]
async fn cross(#[inject] lane: &Lane, car: u32) -> u32 {
    let now = lane.now.fetch_add(1, Ordering::SeqCst) + 1;
    lane.most.fetch_max(now, Ordering::SeqCst);
    lane.all.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(30)).await;
    lane.now.fetch_sub(1, Ordering::SeqCst);
    car
}

#[saga]
async fn bridge(car: u32) -> u32 {
    cross(car).await
}

/// Three workers, and two at a time over all of them; and when one is gone with what it had, the others go on with that.
#[tokio::test]
async fn workers_share_a_limit() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let lane = Arc::new(Lane::default());
        let worker = || {
            let builder = Worker::builder(transport.clone()).serve::<bridge>().serve::<walk>().concurrency(8);
            builder.provide_shared(lane.clone()).provide(Trace::default()).build().unwrap().spawn()
        };
        let mut workers = vec![worker(), worker(), worker()];
        let client = Client::new(transport.clone());
        let crossing = all_of((0..30).map(|car| client.start(bridge(car)).into_future())).await;
        let walks = client.start(walk(7)).await.unwrap();
        assert_eq!(tokio::time::timeout(HANGS, walks.outcome()).await.unwrap().unwrap(), Ok(7));
        for (number, (car, crosses)) in (0..).zip(crossing).enumerate() {
            let outcome = tokio::time::timeout(HANGS, crosses.unwrap().outcome()).await.expect("none is forgotten");
            assert_eq!(outcome.unwrap(), Ok(car));
            if number == 5 {
                workers.pop().unwrap().shutdown().await.unwrap();
            }
        }
        let made = (lane.most.load(Ordering::SeqCst), lane.all.load(Ordering::SeqCst));
        assert_eq!(made, (2, 30), "none too many, and none twice");
        // Everybody can look at it.
        let limit = client.status("sagaflow-limit", "cross").await.unwrap().progress.unwrap();
        assert!(limit.as_json().starts_with(r#"{"parts":{"#), "{limit:?}");
        for worker in workers {
            worker.shutdown().await.unwrap();
        }
    }
}

#[step(rate = "20/s", shared)]
async fn toll(#[inject] lane: &Lane, car: u32) -> u32 {
    lane.all.fetch_add(1, Ordering::SeqCst);
    car
}

#[saga]
async fn motorway(car: u32) -> u32 {
    toll(car).await
}

#[tokio::test]
async fn workers_share_a_rate() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let lane = Arc::new(Lane::default());
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let builder = Worker::builder(transport.clone()).serve::<motorway>();
                builder.provide_shared(lane.clone()).build().unwrap().spawn()
            })
            .collect();
        let (client, begun) = (Client::new(transport), std::time::Instant::now());
        let driving = all_of((0..60).map(|car| client.start(motorway(car)).into_future())).await;
        for (car, drives) in (0..).zip(driving) {
            let outcome = tokio::time::timeout(HANGS, drives.unwrap().outcome()).await.expect("none is forgotten");
            assert_eq!(outcome.unwrap(), Ok(car));
        }
        assert_eq!(lane.all.load(Ordering::SeqCst), 60);
        // Twenty at once, and then twenty in each second: three workers with a limit each would be there at once.
        assert!(begun.elapsed() >= Duration::from_millis(1900), "{:?}", begun.elapsed());
        for worker in workers {
            worker.shutdown().await.unwrap();
        }
    }
}

#[step]
async fn enter(#[inject] lane: &Lane, _car: u32) {
    lane.most.fetch_max(lane.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
}

#[step]
async fn leave(#[inject] lane: &Lane, _car: u32) {
    lane.now.fetch_sub(1, Ordering::SeqCst);
    lane.all.fetch_add(1, Ordering::SeqCst);
}

/// Each third one breaks down, in the tunnel.
#[saga(concurrency = 3, key = format!("tunnel {tunnel}"))]
async fn tunnel(tunnel: u32, car: u32) -> Result<u32, Failure> {
    enter(car).await;
    sleep("20ms").await;
    leave(car).await;
    if car % 3 == 0 { Err(Failure::new("broken down")) } else { Ok(car) }
}

/// Over all workers. Others are not held up, neither those with another key nor other sagas.
#[tokio::test]
async fn so_many_instances_run_at_a_time() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let lane = Arc::new(Lane::default());
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let builder = Worker::builder(transport.clone()).serve::<tunnel>().serve::<walk>();
                builder.provide_shared(lane.clone()).provide(Trace::default()).build().unwrap().spawn()
            })
            .collect();
        let client = Client::new(transport);
        let driving = all_of((0..24).map(|car| client.start(tunnel(1, car)).into_future())).await;
        let walks = client.start(walk(7)).await.unwrap();
        assert_eq!(tokio::time::timeout(HANGS, walks.outcome()).await.unwrap().unwrap(), Ok(7));
        for (car, drives) in (0..).zip(driving) {
            let outcome = tokio::time::timeout(HANGS, drives.unwrap().outcome()).await.expect("none is forgotten");
            assert_eq!(outcome.unwrap().is_ok(), car % 3 != 0);
        }
        let made = (lane.most.load(Ordering::SeqCst), lane.all.load(Ordering::SeqCst));
        assert_eq!(made, (3, 24), "none too many, and none twice");
        // The key is no part of an id: it is told by its hash.
        let lines = client.list(Filter::new().saga("sagaflow-line"));
        assert_eq!(lines.count().await.unwrap(), 1);
        for worker in workers {
            worker.shutdown().await.unwrap();
        }
    }
}

#[saga(concurrency = 1, key = if number == 13 { panic!("an unlucky key") } else { number % 2 })]
async fn unlucky(number: u32) -> u32 {
    measure(number).await
}

/// A key that can't be made pauses the instance, with the reason.
#[tokio::test]
async fn a_key_that_panics() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let worker =
        Worker::builder(transport.clone()).serve::<unlucky>().provide(Trace::default()).build().unwrap().spawn();
    let client = Client::new(transport);
    let (unlucky, lucky) = (client.start(unlucky(13)).await.unwrap(), client.start(unlucky(4)).await.unwrap());
    assert_eq!(tokio::time::timeout(HANGS, lucky.outcome()).await.unwrap().unwrap(), Ok(4));
    let mut watch = unlucky.watch().await.unwrap();
    let paused = loop {
        let status = tokio::time::timeout(HANGS, watch.next()).await.unwrap().unwrap().unwrap();
        if status.status == Status::Paused {
            break status;
        }
    };
    assert_eq!(paused.reason.as_deref(), Some("the key of `unlucky` panicked: an unlucky key"));
    worker.shutdown().await.unwrap();
}

/// When each was made, on the clock of the lab.
#[derive(Debug, Default)]
struct Times(std::sync::Mutex<Vec<tokio::time::Instant>>);

#[step(rate = "3/s")]
async fn knock(#[inject] times: &Times, _number: u32) {
    times.0.lock().unwrap().push(tokio::time::Instant::now());
}

#[saga]
async fn visits() -> Result<Timestamp, Failure> {
    join_all((0..9).map(knock)).await;
    Ok(Timestamp::UNIX_EPOCH)
}

#[test]
fn no_more_than_so_many_in_a_time() {
    let mut lab = Lab::new();
    lab.provide(Times::default);
    lab.check(visits()).assert_all(|run| {
        let times = run.get::<Times>().0.lock().unwrap().clone();
        assert_eq!(times.len(), 9);
        // Three at once, and then three in each second.
        let most = times.iter().map(|from| {
            let within = |at: &&tokio::time::Instant| **at >= *from && **at - *from < Duration::from_millis(990);
            times.iter().filter(within).count()
        });
        assert!(most.clone().max().unwrap() <= 5, "{times:?}");
        assert!(run.took() >= Duration::from_millis(1990), "{:?}", run.took());
        assert!(run.calls::<knock>().iter().all(|call| call.attempt == 1), "waiting is no attempt");
    });
}
