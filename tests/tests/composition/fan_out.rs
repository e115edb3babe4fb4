//! A thousand children: what is written grows with their number, and not with its square.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sagaflow::Status;
use sagaflow::prelude::*;

use crate::bytes::Counting;
use crate::family::{HANGS, until};
use crate::support::nats;

#[step]
async fn count(number: u64) -> u64 {
    number
}

#[saga]
async fn small(number: u64) -> Result<u64, Failure> {
    Ok(count(number).await)
}

#[saga]
async fn batch(children: u64) -> Result<u64, Failure> {
    let numbers = join_all((0..children).map(|number| small(number).child())).await;
    numbers.into_iter().sum()
}

/// What was written for a batch, by saga: how many records, notes and letters, and how many bytes.
async fn written(transport: Arc<dyn Transport>, children: u64) -> ((u64, u64), (u64, u64), Duration) {
    let counting = Arc::new(Counting::new(transport));
    let client = Client::new(counting.clone());
    let worker = Worker::builder(counting.clone()).serve::<batch>().serve::<small>().build().unwrap().spawn();
    let begun = Instant::now();
    let handle = client.start(batch(children)).id("b").await.unwrap();
    let outcome = tokio::time::timeout(HANGS, handle.outcome()).await.expect("in time");
    let took = begun.elapsed();
    assert_eq!(outcome.unwrap().unwrap(), children * (children - 1) / 2);
    worker.shutdown().await.unwrap();
    (counting.of("batch"), counting.of("small"), took)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_children_cost_what_ten_cost_each() {
    for nats_too in [false, true] {
        let transport = async || if nats_too { nats().await } else { sagaflow::connect("embedded:").await.unwrap() };
        let (few, few_children, _) = written(transport().await, 10).await;
        let (many, many_children, took) = written(transport().await, 1000).await;
        let each = |bytes: u64, children: u64| bytes / children;
        println!(
            "nats: {nats_too}; parent: {few:?} of 10, {many:?} of 1000; children: {few_children:?}, {many_children:?}; {took:?}"
        );
        // A start, what has been started, the end; and a letter from each child.
        assert!(many.0 <= 1000 + 6, "records and letters of the parent: {many:?}");
        assert!(each(many.1, 1000) <= each(few.1, 10) * 5 / 4, "{few:?} {many:?}");
        assert!(many_children.0 <= 1000 * 3, "start, step, end: {many_children:?}");
        assert!(each(many_children.1, 1000) <= each(few_children.1, 10) * 5 / 4, "{few_children:?} {many_children:?}");
    }
}

#[step]
async fn fails(number: u64) -> Result<u64, Failure> {
    if number == 17 { Err(Failure::new("unlucky")) } else { Ok(number) }
}

#[saga]
async fn waits_or_fails(number: u64) -> Result<u64, Failure> {
    if number != 17 {
        sleep("1h").await;
    }
    fails(number).await
}

#[saga]
async fn all_or_nothing(children: u64) -> Result<u64, Failure> {
    let numbers = try_join_all((0..children).map(|number| waits_or_fails(number).child())).await?;
    Ok(numbers.into_iter().sum())
}

/// One that fails ends hundreds that sleep; what is written for that grows with their number, too.
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_are_cancelled_at_once() {
    for nats_too in [false, true] {
        let transport = if nats_too { nats().await } else { sagaflow::connect("embedded:").await.unwrap() };
        let counting = Arc::new(Counting::new(transport));
        let client = Client::new(counting.clone());
        let builder = Worker::builder(counting.clone()).serve::<all_or_nothing>().serve::<waits_or_fails>();
        let worker = builder.build().unwrap().spawn();
        let handle = client.start(all_or_nothing(300)).id("a").await.unwrap();
        let outcome = tokio::time::timeout(HANGS, handle.outcome()).await.expect("in time").unwrap();
        assert!(outcome.unwrap_err().to_string().starts_with("unlucky"));
        for call in [1, 150, 300] {
            until(&client, "waits_or_fails", &format!("all_or_nothing:a:{call}"), Status::is_terminal).await;
        }
        let parent = counting.of("all_or_nothing");
        println!("nats: {nats_too}; {parent:?}");
        assert!(parent.0 <= 300 + 10, "{parent:?}");
        worker.shutdown().await.unwrap();
    }
}

#[saga]
async fn windowed(children: u64) -> Result<u64, Failure> {
    let mut running = StartedSet::new();
    let mut sum = 0;
    for number in 0..children {
        if running.len() == 20 {
            sum += running.next().await.transpose()?.unwrap_or(0);
        }
        running.add(small(number).child());
    }
    while let Some(number) = running.next().await {
        sum += number?;
    }
    Ok(sum)
}

/// A window of twenty over a list of any length.
#[tokio::test(flavor = "multi_thread")]
async fn a_window_slides_over_children() {
    let counting = Arc::new(Counting::new(sagaflow::connect("embedded:").await.unwrap()));
    let client = Client::new(counting.clone());
    let worker = Worker::builder(counting.clone()).serve::<windowed>().serve::<small>().build().unwrap().spawn();
    let mut each = Vec::new();
    for children in [100, 400] {
        let before = counting.of("windowed");
        let handle = client.start(windowed(children)).await.unwrap();
        let outcome = tokio::time::timeout(HANGS, handle.outcome()).await.expect("in time").unwrap();
        assert_eq!(outcome.unwrap(), children * (children - 1) / 2);
        each.push((counting.of("windowed").1 - before.1) / children);
    }
    println!("bytes of the parent for each child: {each:?}");
    // Two or three records of twenty children for each that ends, where each comes alone.
    assert!(each.iter().all(|bytes| *bytes < 5_000), "{each:?}");
    worker.shutdown().await.unwrap();
}
