//! What lives long: each signal and each request costs what the first ones do.

use std::sync::Arc;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use super::Add;
use crate::bytes::Counting;

#[request(reply = u64)]
#[derive(Debug, Serialize, Deserialize)]
struct Take {
    number: u64,
}

/// Of fixed width, so that all records have the same size.
const BASE: u64 = 1_000_000_000;

#[saga]
async fn takes() -> Result<(), Failure> {
    let mut total = BASE;
    loop {
        match race!(signal::<Add>(), request::<Take>()).await {
            Winner::First(Add { number }) => total += u64::from(number),
            Winner::Second((Take { number }, reply)) => {
                total += number;
                reply.send(total).await;
            }
        }
    }
}

/// Sends so many of each, one at a time. What the first ten cost, and the last ten.
async fn first_and_last(times: u64) -> [[u64; 3]; 2] {
    let transport = Arc::new(Counting::new(sagaflow::connect("embedded:").await.unwrap()));
    let worker = Worker::builder(transport.clone()).serve::<takes>().build().unwrap().spawn();
    let handle = Client::new(transport.clone()).start(takes()).id("one").await.unwrap();
    let mut counted = Vec::new();
    for time in 0..times {
        if [0, 10, times - 10].contains(&time) {
            counted.push(transport.counted());
        }
        handle.signal(Add { number: 1 }).await.unwrap();
        // It comes after the signal: by its answer both have been taken.
        while handle.ask(Take { number: 1 }).await.unwrap() < BASE + 2 * time + 2 {}
    }
    counted.push(transport.counted());
    worker.shutdown().await.unwrap();
    let cost = |from: usize, to: usize| [0, 1, 2].map(|of| counted[to][of] - counted[from][of]);
    [cost(0, 1), cost(2, 3)]
}

/// `SAGAFLOW_SIGNALS=25000` sends fifty thousand.
#[tokio::test]
async fn the_last_signals_cost_what_the_first_do() {
    let times = std::env::var("SAGAFLOW_SIGNALS").map_or(600, |times| times.parse().unwrap());
    let begun = std::time::Instant::now();
    let [first, last] = first_and_last(times).await;
    println!(
        "{} signals and requests in {:?}: the first ten of each {first:?}, the last {last:?}",
        2 * times,
        begun.elapsed()
    );
    for (of, slack) in [(0, 1500), (1, 5), (2, 10)] {
        // The mailbox may be found empty once more or less, and the numbers in a record grow by some digits.
        assert!(last[of] <= first[of] + slack, "{of}: {first:?}, {last:?}");
    }
}
