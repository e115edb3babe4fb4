//! `tests/compat/`: records that older versions of sagaflow have written, one file for each saga below with a record for each
//! state. They load for ever, and are brought to their end by today's workers.
//!
//! A file that is there is never written again. For a saga that is new here, `SAGAFLOW_BLESS=1` writes one, of the records of today.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::record::{Record, Value};
use sagaflow::transport::{Append, InstanceId, Transport};
use sagaflow::{Saga, Status};
use sagaflow_differential::crash::{Crash, Crashing};
use serde::{Deserialize, Serialize};

use crate::support::{HANGS, Trace, at_rest, book, note, pay};

/// A record, and how its instance ended when it was written.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    ends: Status,
    output: Option<Value>,
    record: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("compat")
}

/// The records of a saga of this version.
async fn records<S: Saga>(call: impl Fn() -> Call<S>) -> Vec<Kept> {
    let mut records = Vec::new();
    for stop in 0.. {
        let inner = sagaflow::connect("embedded:").await.unwrap();
        Client::new(inner.clone()).start(call()).id("case").await.unwrap();
        if stop > 0 {
            let transport = Arc::new(Crashing::new(inner.clone(), Crash::After(stop)));
            let worker = worker::<S>(transport.clone(), 1);
            tokio::time::timeout(HANGS, transport.crashed()).await.expect("it comes so far");
            drop(worker);
        }
        let record = latest(&inner, S::NAME).await;
        let ended = serde_json::from_slice::<Record>(&record).unwrap().status.is_terminal();
        let (ends, output) = end_of::<S>(&record).await;
        let record = Value::from_json(String::from_utf8(record).unwrap()).unwrap();
        records.push(Kept { ends, output, record });
        if ended {
            break;
        }
    }
    records
}

fn worker<S: Saga>(transport: Arc<dyn Transport>, concurrency: usize) -> RunningWorker {
    let builder = Worker::builder(transport).serve::<S>().provide(Trace::default()).lost_limit(u32::MAX);
    builder.ack_wait(Duration::from_millis(60)).concurrency(concurrency).build().unwrap().spawn()
}

async fn latest(transport: &Arc<dyn Transport>, saga: &str) -> Vec<u8> {
    let instance = InstanceId::new(saga, "case").unwrap();
    transport.latest(&instance).await.unwrap().unwrap().payload.to_vec()
}

/// How the instance of a record ends on a worker of today.
async fn end_of<S: Saga>(record: &[u8]) -> (Status, Option<Value>) {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let instance = InstanceId::new(S::NAME, "case").unwrap();
    let append = Append::new(&instance, None, record.to_vec().into());
    transport.append(append).await.unwrap();
    let worker = worker::<S>(transport.clone(), 8);
    let status = at_rest(&transport, S::NAME).await;
    worker.shutdown().await.unwrap();
    let last: Record = serde_json::from_slice(&latest(&transport, S::NAME).await).unwrap();
    assert_eq!(status.reason, None, "{status:#?}");
    (last.status, last.output)
}

async fn check<S: Saga>(call: impl Fn() -> Call<S>) {
    let path = folder().join(format!("{}.json", S::NAME));
    if !path.exists() && std::env::var_os("SAGAFLOW_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&records(&call).await).unwrap();
        std::fs::create_dir_all(folder()).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }
    let text = std::fs::read_to_string(&path)
        .expect("each saga here has its records: SAGAFLOW_BLESS=1 writes those of a new one");
    let kept: Vec<Kept> = serde_json::from_str(&text).unwrap();
    assert!(kept.len() > 1);
    for Kept { ends, output, record } in kept {
        let value = |record: &str| serde_json::from_str::<serde_json::Value>(record).unwrap();
        let loaded: Record = record.read().unwrap();
        assert_eq!(value(&serde_json::to_string(&loaded).unwrap()), value(record.as_json()), "it is written as it was");
        let (status, result) = end_of::<S>(record.as_json().as_bytes()).await;
        let text = |output: &Option<Value>| output.as_ref().map(|output| value(output.as_json()));
        assert_eq!((status, text(&result)), (ends, text(&output)), "{}", record.as_json());
    }
}

#[saga]
async fn sequence(cents: u32) -> Result<u32, Failure> {
    let label = format!("{cents} cents");
    let paid = pay(cents).await;
    note(label).await;
    match book("full".to_owned()).outcome().await {
        Ok(_) => Ok(0),
        Err(_) => Ok(paid),
    }
}

#[saga]
async fn loops(places: Vec<String>) -> Result<usize, Failure> {
    for place in &places {
        book(place.clone()).await?;
    }
    for number in 1..=2 {
        pay(number).await;
    }
    let mut count = 0;
    for place in places {
        note(place).await;
        count += 1;
    }
    Ok(count)
}

#[saga]
async fn part(place: String) -> Result<String, Failure> {
    let booked = book(place).await?;
    note(booked.clone()).await;
    if booked == "zoo" { Err(Failure::new("it is closed")) } else { Ok(booked) }
}

#[saga]
async fn nests(cents: u32) -> Result<String, Failure> {
    let zoo = part("zoo".to_owned()).await;
    let hotel = part("hotel".to_owned()).outcome().await;
    pay(cents).await;
    Ok(format!("{} {}", zoo.is_ok(), hotel.is_ok()))
}

#[saga(deadline = "36500d")]
async fn waits(cents: u32) -> Result<bool, Failure> {
    sleep("5ms").await;
    pay(cents).timeout("36500d").await?;
    let late = sleep("36500d").timeout("5ms").await.is_err();
    Ok(late)
}

#[saga]
async fn unwinds(places: Vec<String>) -> Result<(), Failure> {
    for place in places {
        book(place).await?;
    }
    Ok(())
}

#[saga]
async fn joins(cents: u32) -> Result<String, Failure> {
    let (paid, place) = sagaflow::join!(pay(cents), part("hotel".to_owned())).await;
    let all = sagaflow::try_join!(book("a".to_owned()), book("full".to_owned())).await;
    Ok(format!("{paid} {} {}", place?, all.is_err()))
}

#[saga(name = "versions")]
async fn versions_v1(cents: u32) -> Result<u32, Failure> {
    pay(cents).await;
    Ok(1)
}

#[saga(version = 2, before = versions_v1)]
async fn versions(#[saga(default = 7)] cents: u32) -> Result<u32, Failure> {
    note("two".to_owned()).await;
    pay(cents).await;
    Ok(2)
}

#[tokio::test]
async fn sequences() {
    check(|| sequence(5)).await;
}

#[tokio::test]
async fn loops_over_borrows_ranges_and_values() {
    check(|| loops(vec!["a".to_owned(), "b".to_owned()])).await;
}

#[tokio::test]
async fn nested_sagas_that_fail_and_succeed() {
    check(|| nests(5)).await;
}

#[tokio::test]
async fn sleeps_timeouts_and_deadlines() {
    check(|| waits(5)).await;
}

#[tokio::test]
async fn unwinding() {
    check(|| unwinds(vec!["a".to_owned(), "b".to_owned(), "full".to_owned()])).await;
}

#[tokio::test]
async fn joins_of_steps_and_sagas() {
    check(|| joins(5)).await;
}

#[tokio::test]
async fn versions_and_defaults() {
    check(|| versions(5)).await;
}

/// Whatever stands in the folder is of a saga here.
#[test]
fn every_file_is_tested() {
    let mut found: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name()).collect();
    found.sort();
    let known = ["joins", "loops", "nests", "sequence", "unwinds", "versions", "waits"];
    assert_eq!(found, known.map(|name| format!("{name}.json")).map(std::ffi::OsString::from));
}
