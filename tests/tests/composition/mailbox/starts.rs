//! Starting an instance with a signal, or starting it anew: nothing is lost in the instant of its end.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sagaflow::prelude::*;
use sagaflow::transport::InstanceId;
use sagaflow::{ErrorKind, Status};
use sagaflow_differential::crash::{Crash, Crashing};

use super::{Add, Go, HANGS, works};
use crate::support::{Trace, measure, nats};

/// Takes two, and ends while others come.
#[saga]
async fn two() -> Result<u32, Failure> {
    let mut sum = 0;
    for _ in 0..2 {
        sum += measure(signal::<Add>().await.number).await;
    }
    Ok(sum)
}

/// Many senders to one id, each of whose signals starts it if it doesn't run. What was done, in order of the numbers; and how many lives there were.
async fn senders(inner: Arc<dyn Transport>, crash: Crash, senders: u32, each: u32) -> (Vec<u32>, u64, u64) {
    let (trace, transport) = (Arc::new(Trace::default()), Arc::new(Crashing::new(inner.clone(), crash)));
    let client = Client::new(inner.clone());
    let sent = join_all((0..senders).map(|sender| {
        let client = client.clone();
        async move {
            for number in (0..each).map(|number| 100 + sender * each + number) {
                let start = client.start(two()).id("case").if_exists(IfExists::Restart);
                start.signal(Add { number }).await.unwrap();
            }
        }
    }));
    let finished = async {
        sent.await;
        client.handle::<two>("case").unwrap().outcome().await.unwrap().unwrap();
    };
    tokio::select! {
        finished = tokio::time::timeout(HANGS, finished) => finished.unwrap_or_else(|_| panic!("it hangs with {crash:?}: {:?}", trace.texts())),
        () = works::<two>(&transport, &trace) => unreachable!(),
    }
    let texts = trace.without_repeats();
    let mut numbers: Vec<u32> =
        texts.iter().map(|text| text.strip_prefix("measure ").unwrap().parse().unwrap()).collect();
    numbers.sort_unstable();
    let last = inner.latest(&InstanceId::new("two", "case").unwrap()).await.unwrap().unwrap();
    let last: serde_json::Value = serde_json::from_slice(&last.payload).unwrap();
    assert_eq!(last["steps"], u64::from(senders * each), "no two calls have one number: {numbers:?}");
    (numbers, last["life"].as_u64().unwrap(), transport.appends())
}

#[tokio::test]
async fn each_signal_counts_once_over_all_lives() {
    let embedded = || async { sagaflow::connect("embedded:").await.unwrap() };
    let all: Vec<u32> = (100..106).collect();
    let (numbers, lives, appends) = senders(embedded().await, Crash::Never, 1, 6).await;
    assert_eq!((numbers, lives), (all.clone(), 3));
    for crash in (1..=appends).flat_map(|at| [Crash::Before(at), Crash::After(at)]).chain([Crash::AfterEach]) {
        let (numbers, lives, _) = senders(embedded().await, crash, 1, 6).await;
        assert_eq!((numbers, lives), (all.clone(), 3), "{crash:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_senders_none_loses_a_signal() {
    let all: Vec<u32> = (100..140).collect();
    for crash in [Crash::Never, Crash::AfterEach] {
        let (numbers, lives, _) = senders(sagaflow::connect("embedded:").await.unwrap(), crash, 4, 10).await;
        assert_eq!((numbers, lives), (all.clone(), 20), "{crash:?}");
    }
    let (numbers, lives, _) = senders(nats().await, Crash::Never, 4, 10).await;
    assert_eq!((numbers, lives), (all, 20));
}

/// Both transports, with a worker.
async fn with_worker(test: impl AsyncFn(Client, Arc<dyn Transport>)) {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let builder = Worker::builder(transport.clone()).serve::<two>().provide(Trace::default());
        let worker = builder.build().unwrap().spawn();
        let run = test(Client::new(transport.clone()), transport);
        tokio::time::timeout(HANGS, run).await.expect("it does not hang");
        worker.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_there_is_attached_to_or_refused() {
    with_worker(async |client, _| {
        let start = || client.start(two()).id("a");
        let handle = start().signal(Add { number: 1 }).key("k").await.unwrap();
        // The key that it was started with, and one of a signal that came after.
        start().signal(Add { number: 1 }).key("k").await.unwrap();
        handle.signal(Add { number: 1 }).key("k").await.unwrap();
        let refused = start().if_exists(IfExists::Refuse).signal(Add { number: 9 }).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyStarted, "{refused}");
        start().signal(Add { number: 2 }).await.unwrap();
        assert_eq!(handle.outcome().await.unwrap().unwrap(), 3);
        let over = start().signal(Add { number: 9 }).await.unwrap_err();
        assert_eq!(over.kind(), ErrorKind::NotRunning, "{over}");
        // What it has begun with is dropped after its end, too.
        start().if_exists(IfExists::Restart).signal(Add { number: 1 }).key("k").await.unwrap();
        assert_eq!(handle.outcome().await.unwrap().unwrap(), 3);
        let handle = start().if_exists(IfExists::Restart).signal(Add { number: 4 }).await.unwrap();
        assert_eq!(handle.status().await.unwrap().status, Status::Running);
        handle.signal(Add { number: 5 }).await.unwrap();
        assert_eq!(handle.outcome().await.unwrap().unwrap(), 9);
    })
    .await;
}

/// A signal of a former life, which nobody has awaited, is none of the next; and neither are its keys.
#[tokio::test]
async fn lives_are_apart() {
    with_worker(async |client, transport| {
        let handle = client.start(two()).id("a").signal(Add { number: 1 }).await.unwrap();
        handle.signal(Go).key("k").await.unwrap();
        handle.signal(Add { number: 2 }).key("k").await.unwrap();
        assert_eq!(handle.outcome().await.unwrap().unwrap(), 3);
        let handle = client.start(two()).id("a").if_exists(IfExists::Restart).await.unwrap();
        handle.signal(Add { number: 3 }).key("k").await.unwrap();
        handle.signal(Add { number: 9 }).key("k").await.unwrap();
        handle.signal(Add { number: 4 }).await.unwrap();
        assert_eq!(handle.outcome().await.unwrap().unwrap(), 7);
        // One that runs is attached to.
        let running = || client.start(two()).id("b").if_exists(IfExists::Restart);
        running().await.unwrap();
        running().await.unwrap().signal(Add { number: 1 }).await.unwrap();
        running().await.unwrap().signal(Add { number: 1 }).await.unwrap();
        assert_eq!(client.handle::<two>("b").unwrap().outcome().await.unwrap().unwrap(), 2);
        let last = transport.latest(&InstanceId::new("two", "b").unwrap()).await.unwrap().unwrap();
        assert!(!String::from_utf8_lossy(&last.payload).contains("life"), "the first life is not written");
    })
    .await;
}

/// It waits for what comes with the start after other things, too.
#[saga]
async fn later() -> Result<u32, Failure> {
    measure(1).await;
    let late = signal::<Add>().timeout("1h").await.map_err(Failure::from)?;
    let looked = signal::<Add>().drain().await.len();
    Ok(late.number + u32::try_from(looked).unwrap_or_default())
}

#[tokio::test]
async fn what_came_with_the_start_waits_in_the_record() {
    for crash in [Crash::Never, Crash::AfterEach] {
        let inner = sagaflow::connect("embedded:").await.unwrap();
        let (trace, transport) = (Arc::new(Trace::default()), Arc::new(Crashing::new(inner.clone(), crash)));
        let handle = Client::new(inner).start(later()).id("a").signal(Add { number: 7 }).await.unwrap();
        let outcome = tokio::time::timeout(Duration::from_secs(20), handle.outcome());
        let outcome = tokio::select! {
            outcome = outcome => outcome.expect("it does not hang").unwrap().unwrap(),
            () = works::<later>(&transport, &trace) => unreachable!(),
        };
        assert_eq!(outcome, 7, "{crash:?}");
    }
}
