//! Events out: each told once, in order, whatever dies meanwhile.

use std::sync::Arc;
use std::time::Duration;

use sagaflow::client::Event;
use sagaflow::prelude::*;
use sagaflow::testing::Lab;
use sagaflow::{ErrorKind, Saga, Status};
use serde::{Deserialize, Serialize};

use crate::family::{HANGS, until};
use crate::support::{Trace, measure, nats, reserve};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Travel {
    Asked { place: String },
    Reserved(String),
    Counted(u32),
    Done,
}

fn said(events: &[Event]) -> Vec<Travel> {
    events.iter().map(|event| event.read().expect("it is of this type")).collect()
}

#[saga]
async fn stay(place: String) -> Result<String, Failure> {
    let place = reserve(place).await?;
    emit(&Travel::Reserved(place.clone()));
    Ok(place)
}

/// Emits before its first step, in a nested saga, in a loop, several at a time, beside other branches, and before its end.
#[saga]
async fn travel(place: String) -> Result<u32, Failure> {
    emit(&Travel::Asked { place: place.clone() });
    let place = stay(place).await?;
    let mut sum = 0;
    for number in 1..=2 {
        sum += measure(number).await;
        emit(&Travel::Counted(number));
        emit(&Travel::Counted(sum));
    }
    let (first, second) = try_join!(stay(format!("{place} A")), stay(format!("{place} B"))).await?;
    emit(&Travel::Counted(u32::try_from(first.len() + second.len())?));
    sleep("10ms").await;
    emit(&Travel::Done);
    Ok(sum)
}

fn expected() -> Vec<Travel> {
    let reserved = |place: &str| Travel::Reserved(place.to_owned());
    let (asked, counted) = (Travel::Asked { place: "Rome".to_owned() }, Travel::Counted);
    let counts = [counted(1), counted(1), counted(2), counted(3)];
    let beside = [reserved("Rome A"), reserved("Rome B")];
    [vec![asked, reserved("Rome")], counts.to_vec(), beside.to_vec(), vec![counted(12), Travel::Done]].concat()
}

/// In a form in which what happens side by side has one order.
fn sorted(mut events: Vec<Travel>) -> Vec<Travel> {
    assert_eq!(events.len(), 10, "{events:?}");
    events[6..8].sort_by_key(|event| format!("{event:?}"));
    events
}

#[test]
fn events_are_told_once_and_in_order_through_every_crash() {
    let mut lab = Lab::new();
    lab.provide(Trace::default);
    lab.check(travel("Rome".into())).every_crash().every_failure().assert_all(|run| {
        let numbers: Vec<_> = run.events().iter().map(|event| event.number).collect();
        assert_eq!(numbers, (1..=run.events().len() as u64).collect::<Vec<_>>());
        let (said, expected) = (said(run.events()), expected());
        match run.completed() {
            true => assert_eq!(sorted(said), expected),
            // What had happened by then.
            false => assert!(said.len() < 10 && said.iter().all(|event| expected.contains(event)), "{said:?}"),
        }
    });
}

#[tokio::test]
async fn events_are_read_by_others() {
    let directory = tempfile::tempdir().unwrap();
    let stored = format!("embedded:{}", directory.path().display());
    let memory = sagaflow::connect("embedded:").await.unwrap();
    for transport in [memory, sagaflow::connect(&stored).await.unwrap(), nats().await] {
        let client = Client::new(transport.clone());
        let mut reader = client.events("travel").unwrap();
        assert!(reader.try_next().await.unwrap().is_none());
        let waits = tokio::spawn(async move { (reader.next().await.unwrap().unwrap(), reader) });
        let trace = Arc::new(Trace::default());
        let worker =
            Worker::builder(transport.clone()).serve::<travel>().provide_shared(trace).build().unwrap().spawn();
        let handle = client.start(travel("Rome".into())).id("case").await.unwrap();
        let (first, mut reader) = tokio::time::timeout(HANGS, waits).await.expect("an event comes").unwrap();
        handle.outcome().await.unwrap().unwrap();
        let mut events = vec![first];
        while events.len() < 10 {
            events.push(tokio::time::timeout(HANGS, reader.next()).await.expect("all come").unwrap().unwrap());
        }
        assert_eq!(sorted(said(&events)), expected());
        assert!(events.iter().all(|event| event.instance == *handle.instance()));
        assert!(events.is_sorted_by(|a, b| a.position < b.position && a.number < b.number && a.at <= b.at));
        // Behind a position the rest is there, and nothing more.
        let mut again = client.events("travel").unwrap().after(events[6].position);
        for event in &events[7..] {
            assert_eq!(again.try_next().await.unwrap().expect("it is there").key, event.key);
        }
        assert!(again.try_next().await.unwrap().is_none());
        worker.shutdown().await.unwrap();
    }
    // A restart forgets none, and tells none again.
    let transport = sagaflow::connect(&stored).await.unwrap();
    let builder = Worker::builder(transport.clone()).serve::<travel>().provide(Trace::default());
    let worker = builder.build().unwrap().spawn();
    let client = Client::new(transport);
    client.start(travel("Rome".into())).id("other").await.unwrap().outcome().await.unwrap().unwrap();
    let mut reader = client.events("travel").unwrap();
    let mut ids = Vec::new();
    while let Some(event) = tokio::time::timeout(HANGS, reader.next()).await.expect("all come") {
        ids.push(event.unwrap().instance.id().to_owned());
        if ids.len() == 20 {
            break;
        }
    }
    assert_eq!(ids, [vec!["case"; 10], vec!["other"; 10]].concat());
    worker.shutdown().await.unwrap();
}

/// An id that is started anew begins to count anew, and takes the place of none of the events of before.
#[saga]
async fn short_trip() -> Result<(), Failure> {
    emit(&Travel::Done);
    Ok(())
}

#[tokio::test]
async fn the_next_life_emits_events_of_its_own() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let client = Client::new(transport.clone());
        let worker = Worker::builder(transport).serve::<short_trip>().build().unwrap().spawn();
        let mut reader = client.events("short_trip").unwrap();
        let mut keys = Vec::new();
        for _ in 0..3 {
            let start = client.start(short_trip()).id("case").if_exists(IfExists::Restart);
            start.await.unwrap().outcome().await.unwrap().unwrap();
            let event = tokio::time::timeout(HANGS, reader.next()).await.expect("it comes").unwrap().unwrap();
            assert_eq!(event.number, 1);
            keys.push(event.key);
        }
        keys.dedup();
        assert_eq!(keys.len(), 3, "{keys:?}");
        worker.shutdown().await.unwrap();
    }
}

#[signal]
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Visit(u32);

/// Emits for each signal.
#[saga]
async fn museum(visits: u32) -> Result<(), Failure> {
    for _ in 0..visits {
        let Visit(number) = signal::<Visit>().await;
        emit(&Travel::Counted(number));
    }
    signal::<Visit>().await;
    Ok(())
}

/// What waits for a signal has told what it has emitted; an operator who ends it takes nothing of that back.
#[tokio::test]
async fn events_are_told_while_an_instance_waits_and_before_it_is_ended() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let client = Client::new(transport.clone());
        let worker = Worker::builder(transport).serve::<museum>().build().unwrap().spawn();
        let handle = client.start(museum(3)).id("case").await.unwrap();
        let mut reader = client.events("museum").unwrap();
        for number in 1..=3 {
            handle.signal(Visit(number)).await.unwrap();
            let event = tokio::time::timeout(HANGS, reader.next()).await.expect("it comes").unwrap().unwrap();
            assert_eq!((event.number, event.read().ok()), (u64::from(number), Some(Travel::Counted(number))));
        }
        handle.terminate().await.unwrap();
        until(&client, "museum", "case", |status| status == Status::Terminated).await;
        assert!(reader.try_next().await.unwrap().is_none());
        worker.shutdown().await.unwrap();
    }
}

#[saga]
async fn unspeakable() -> Result<(), Failure> {
    reserve("Rome".to_owned()).await?;
    emit(&std::collections::BTreeMap::from([(vec![1_u8], "no key of an object")]));
    Ok(())
}

#[test]
fn an_event_that_cannot_be_written_pauses_the_instance() {
    let mut lab = Lab::new();
    lab.provide(Trace::default);
    lab.check(unspeakable()).assert_all(|run| {
        assert!(run.is_paused());
        let reason = run.reason().expect("it says why");
        assert!(reason.starts_with("an event can't be written: "), "{reason}");
    });
}

/// Outside of an instance nothing is told to anybody.
#[tokio::test]
async fn an_inline_run_emits_nothing() {
    <short_trip as Saga>::inline(short_trip {}).await.unwrap();
}

#[tokio::test]
async fn events_that_cannot_be_read_say_why() {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let client = Client::new(transport.clone());
    assert_eq!(client.events("no such saga").unwrap_err().kind(), ErrorKind::InvalidId);
    let mut reader = client.events("travel").unwrap();
    transport.close().await.unwrap();
    assert_eq!(reader.try_next().await.unwrap_err().kind(), ErrorKind::Closed);
    assert!(tokio::time::timeout(Duration::from_secs(5), reader.next()).await.expect("at once").is_none());
}
