//! Steps that are limited: none too many, none lost, and others are not held up.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all as all_of;
use jiff::Timestamp;
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
