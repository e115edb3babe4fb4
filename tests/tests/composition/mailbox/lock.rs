//! A lock with leases and fencing numbers, as a saga: whoever stalls for longer than the lease is no holder any more, and what it writes late is
//! refused by the number that it was given.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use sagaflow::prelude::*;
use sagaflow_differential::crash::{Crash, Crashing};
use serde::{Deserialize, Serialize};

use super::{HANGS, works};
use crate::support::{Trace, nats};

/// Waits until it is free. The fencing number: greater than all before.
#[request(reply = u64)]
#[derive(Debug, Serialize, Deserialize)]
struct Acquire {
    lease_ms: u64,
}

/// Whether it was still held by that one.
#[request(reply = bool)]
#[derive(Debug, Serialize, Deserialize)]
struct Release {
    fence: u64,
}

#[saga]
async fn lock() -> Result<(), Failure> {
    let mut fence = 0;
    loop {
        let (lease_ms, reply) = match race!(request::<Acquire>(), request::<Release>()).await {
            Winner::First((Acquire { lease_ms }, reply)) => (lease_ms, reply),
            Winner::Second((Release { .. }, reply)) => {
                reply.send(false).await;
                continue;
            }
        };
        fence += 1;
        let until = Timestamp::now() + Duration::from_millis(lease_ms);
        reply.send(fence).await;
        // Those who want it wait in the queue meanwhile.
        while let Winner::First((Release { fence: of }, reply)) = race!(request::<Release>(), sleep_until(until)).await
        {
            reply.send(of == fence).await;
            if of == fence {
                break;
            }
        }
    }
}

/// What is locked: it takes what comes in the order of the fencing numbers, and refuses what comes late.
#[derive(Debug, Default)]
struct Store {
    written: Vec<(u64, usize)>,
    refused: Vec<(u64, usize)>,
}

impl Store {
    fn write(&mut self, fence: u64, holder: usize) {
        match self.written.last().is_none_or(|(last, _)| *last <= fence) {
            true => self.written.push((fence, holder)),
            false => self.refused.push((fence, holder)),
        }
    }
}

/// Two holders, who write twice whenever they have the lock. The second one takes it so often, and stalls now and then, until somebody else has
/// written, and then writes; the first one takes it until the second is done.
async fn two_holders(inner: Arc<dyn Transport>, crash: Crash, rounds: usize) -> Store {
    let (trace, transport) = (Arc::new(Trace::default()), Arc::new(Crashing::new(inner.clone(), crash)));
    let handle = Client::new(inner).start(lock()).id("door").await.unwrap();
    let store = Arc::new(Mutex::new(Store::default()));
    let changed = tokio::sync::watch::Sender::new(());
    let done = AtomicBool::new(false);
    let holders = join_all((0..2).map(|holder| {
        let (handle, store, changed, done) = (handle.clone(), store.clone(), changed.clone(), &done);
        async move {
            for round in (0..).take_while(|round| (holder == 0 && !done.load(Ordering::Relaxed)) || *round < rounds) {
                let stalls = holder == 1 && round % 3 == 0;
                let lease_ms = if stalls { 5 } else { 60_000 };
                let fence = handle.ask(Acquire { lease_ms }).key(format!("{holder}-{round}")).await.unwrap();
                let write = || {
                    store.lock().unwrap().write(fence, holder);
                    changed.send_replace(());
                };
                write();
                if stalls {
                    let later = |store: &Store| store.written.last().is_some_and(|(last, _)| *last > fence);
                    let mut changes = changed.subscribe();
                    while !later(&store.lock().unwrap()) {
                        changes.changed().await.unwrap();
                    }
                    write();
                    assert!(!handle.ask(Release { fence }).await.unwrap(), "its lease is over");
                } else {
                    write();
                    assert!(handle.ask(Release { fence }).await.unwrap(), "it is the holder");
                }
            }
            done.fetch_or(holder == 1, Ordering::Relaxed);
        }
    }));
    tokio::select! {
        done = tokio::time::timeout(HANGS, holders) => drop(done.unwrap_or_else(|_| panic!("it hangs with {crash:?}: {store:?}"))),
        () = works::<lock>(&transport, &trace) => unreachable!(),
    }
    std::mem::take(&mut *store.lock().unwrap())
}

/// Each number was given to one holder, nobody wrote between the two writes of another who was in time, and what came late was refused.
fn audit(store: &Store, rounds: usize) {
    let Store { written, refused } = store;
    let stalls = rounds.div_ceil(3);
    // Who stalls may be too late with the first of the two, too.
    assert!((stalls..=2 * stalls).contains(&refused.len()), "{store:?}");
    assert!(refused.iter().all(|(_, holder)| *holder == 1), "{store:?}");
    assert!(written.is_sorted_by_key(|(fence, _)| fence), "{store:?}");
    let mut writes: Vec<_> = written.iter().chain(refused).copied().collect();
    writes.sort_unstable();
    let all = writes.len() / 2;
    let expected: Vec<u64> = (1..=all as u64).flat_map(|fence| [fence; 2]).collect();
    assert_eq!(writes.iter().map(|(fence, _)| *fence).collect::<Vec<_>>(), expected, "each number once: {store:?}");
    assert!(writes.chunks(2).all(|two| two[0].1 == two[1].1), "each to one holder: {store:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_holders_one_has_the_lock() {
    let embedded = || async { sagaflow::connect("embedded:").await.unwrap() };
    audit(&two_holders(embedded().await, Crash::Never, 20).await, 20);
    audit(&two_holders(nats().await, Crash::Never, 20).await, 20);
    for crash in [Crash::AfterEach, Crash::Before(3), Crash::After(4), Crash::Before(9), Crash::After(10)] {
        audit(&two_holders(embedded().await, crash, 4).await, 4);
    }
}
