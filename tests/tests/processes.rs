//! Workers in processes of their own: paused, told to end, and of two builds at once.

use std::collections::BTreeMap;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::{ConnectOptions, IfExists, Status};
use sagaflow_tests::processes::tally::{Next, tally};
use sagaflow_tests::processes::{new, old, stay};
use sagaflow_tests::{NatsServer, Process};
use tokio::time::{Instant, timeout};

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

async fn client(server: &NatsServer) -> Client {
    Client::new(sagaflow::connect_with(&server.url(), ConnectOptions::default()).await.unwrap())
}

/// The first line that says so, and when it came.
fn said(process: &Process, line: &str) -> Option<Instant> {
    process.lines().into_iter().find(|(_, said)| said == line).map(|(time, _)| time)
}

#[tokio::test]
async fn a_paused_workers_step_is_taken_over_and_its_own_result_is_dropped() {
    let server = NatsServer::start().await;
    let client = client(&server).await;
    let url = server.url();
    let arguments = [&*url, "--ack-wait-ms", "1000"];
    let paused = Process::start(WORKER, &arguments);
    let handle = client.start(stay(1500)).id("a").await.unwrap();
    paused.says("begins stay/a/linger/1").await;
    paused.signal("STOP").await;
    let other = Process::start(WORKER, &arguments);
    other.says("ends stay/a/linger/1").await;
    assert_eq!(timeout(PATIENCE, handle.outcome()).await.unwrap().unwrap(), Ok(true), "the other worker's result");
    other.logs(&["taken over", "linger"]).await;

    // It wakes, and has noticed nothing.
    paused.signal("CONT").await;
    paused.says("ends too late stay/a/linger/1").await;
    let line = paused.logs(&["WARN", "another worker has moved this instance on", "nothing to do"]).await;
    assert!(
        line.contains("instance=stay/a") && line.contains("step=\"linger\"") && line.contains("attempt=1"),
        "{line}"
    );
    assert_eq!(handle.outcome().await.unwrap(), Ok(true), "what was refused changes nothing");
    let status = handle.status().await.unwrap();
    assert_eq!((status.status, status.attempts), (Status::Completed, 1));
}

#[tokio::test]
async fn what_waited_in_a_paused_workers_queue_is_not_begun_when_it_wakes() {
    let server = NatsServer::start().await;
    let client = client(&server).await;
    let url = server.url();
    let paused = Process::start(WORKER, &[&*url, "--ack-wait-ms", "1000", "--concurrency", "1"]);
    let mut handles = vec![client.start(stay(300)).id("0").await.unwrap()];
    paused.says("begins stay/0/linger/1").await;
    for number in 1..4 {
        handles.push(client.start(stay(300)).id(number.to_string()).await.unwrap());
    }
    paused.signal("STOP").await;
    let other = Process::start(WORKER, &[&*url, "--ack-wait-ms", "1000"]);
    for handle in &handles {
        assert_eq!(timeout(PATIENCE, handle.outcome()).await.unwrap().unwrap(), Ok(true));
    }
    let begun = |process: &Process| process.lines().iter().filter(|(_, line)| line.starts_with("begins")).count();
    assert!(begun(&other) >= 3);
    paused.signal("CONT").await;
    // Whatever it had, it comes to this in the end.
    let last = client.start(stay(1)).id("last").await.unwrap();
    assert_eq!(timeout(PATIENCE, last.outcome()).await.unwrap().unwrap(), Ok(true));
    paused.logs(&["another worker has moved this instance on", "nothing to do"]).await;
    let mut lines = paused.lines();
    lines.retain(|(_, line)| line.starts_with("begins") && !line.contains("last"));
    assert_eq!(lines.len(), 1, "only what it had begun before: {lines:?}");
}

/// The ack wait is half a minute: only handing back can bring them to the other worker within a second.
#[tokio::test]
async fn a_worker_that_is_told_to_end_hands_over_at_once() {
    hand_over(Duration::ZERO).await;
}

#[tokio::test]
async fn what_runs_has_the_grace_and_what_does_not_is_handed_over_before() {
    hand_over(Duration::from_secs(3)).await;
}

async fn hand_over(grace: Duration) {
    let server = NatsServer::start().await;
    let client = client(&server).await;
    let url = server.url();
    let grace_ms = grace.as_millis().to_string();
    let mut leaving = Process::start(WORKER, &[&url, "--concurrency", "4", "--grace-ms", &grace_ms]);
    // Four that it runs, two in its queue, one on the way at most.
    for number in 0..7 {
        client.start(stay(120_000)).id(format!("{number}")).await.unwrap();
    }
    leaving.until("four steps", |lines| lines.len() == 4).await;
    let open = async_nats::jetstream::new(async_nats::connect(&url).await.unwrap());
    timeout(PATIENCE, async {
        loop {
            let consumer: async_nats::jetstream::consumer::PullConsumer =
                open.get_consumer_from_stream("stay", "sagaflow-0").await.unwrap();
            if consumer.cached_info().num_ack_pending == 6 {
                return;
            }
        }
    })
    .await
    .expect("four that run and two that wait");
    let staying = Process::start(WORKER, &[&url, "--concurrency", "7"]);
    staying.says("begins stay/6/linger/1").await;

    let told = Instant::now();
    leaving.signal("TERM").await;
    assert!(leaving.ends().await.success(), "it ends as it should");
    staying.until("all seven", |lines| lines.len() == 7).await;
    for number in 0..6 {
        let line = format!("begins stay/{number}/linger/1");
        let took = said(&staying, &line).expect(&line) - told;
        let earliest = if said(&leaving, &line).is_some() { grace } else { Duration::ZERO };
        assert!(took >= earliest, "{line}: {took:?} after the signal");
        assert!(took < earliest + Duration::from_secs(1), "{line}: {took:?} after the signal");
        let status = client.status("stay", &number.to_string()).await.unwrap();
        assert_eq!((status.lost, status.attempt), (0, Some(1)), "leaving is no loss");
    }
}

#[tokio::test]
async fn running_steps_end_in_the_grace() {
    let server = NatsServer::start().await;
    let client = client(&server).await;
    let url = server.url();
    let mut leaving = Process::start(WORKER, &[&*url, "--grace-ms", "30000"]);
    let handle = client.start(stay(1000)).id("a").await.unwrap();
    leaving.says("begins stay/a/linger/1").await;
    leaving.signal("TERM").await;
    assert!(leaving.ends().await.success());
    // Nobody else is there.
    assert_eq!(handle.outcome().await.unwrap(), Ok(true));
}

#[tokio::test]
async fn a_second_signal_ends_the_grace() {
    let server = NatsServer::start().await;
    let client = client(&server).await;
    let url = server.url();
    let mut leaving = Process::start(WORKER, &[&*url, "--grace-ms", "600000"]);
    client.start(stay(600_000)).id("a").await.unwrap();
    leaving.says("begins stay/a/linger/1").await;
    leaving.signal("TERM").await;
    leaving.logs(&["the worker stops"]).await;
    leaving.signal("INT").await;
    leaving.logs(&["told to end at once"]).await;
    assert!(leaving.ends().await.success());
    let staying = Process::start(WORKER, &[&*url]);
    staying.says("begins stay/a/linger/1").await;
    assert_eq!(client.status("stay", "a").await.unwrap().lost, 0);
}

/// Two builds at once; instances are started by clients of either.
#[tokio::test]
async fn a_rolling_deploy_fails_nothing() {
    const EACH: usize = 20;
    let server = NatsServer::start().await;
    let client = client(&server).await;
    let url = server.url();
    let older = Process::start(WORKER, &[&*url, "--build", "old"]);
    let mut handles = Vec::new();
    let mut outcomes = BTreeMap::new();
    // What only the newer build can do comes to the older one while it is alone: it hands that back.
    handles.push(client.start(new::pickup("early".to_owned())).id("new-early").await.unwrap().instance().clone());
    older.logs(&["handed back", "unknown state `label`"]).await;
    for number in 0..EACH {
        let parcel = || number.to_string();
        handles
            .push(client.start(old::delivery(parcel())).id(format!("old-{number}")).await.unwrap().instance().clone());
        handles.push(client.start(old::pickup(parcel())).id(format!("old-{number}")).await.unwrap().instance().clone());
    }
    // The newer build comes, and the older one is still there.
    let newer = Process::start(WORKER, &[&*url, "--build", "new"]);
    for number in 0..EACH {
        let parcel = || number.to_string();
        handles
            .push(client.start(new::delivery(parcel())).id(format!("new-{number}")).await.unwrap().instance().clone());
        handles.push(client.start(new::pickup(parcel())).id(format!("new-{number}")).await.unwrap().instance().clone());
    }
    for instance in handles {
        let id = instance.id();
        // The outcome has the same type in both builds.
        let outcome = match instance.saga() {
            "delivery" => timeout(PATIENCE, client.handle::<old::delivery>(id).unwrap().outcome()).await,
            _ => timeout(PATIENCE, client.handle::<old::pickup>(id).unwrap().outcome()).await,
        };
        let outcome = outcome.unwrap_or_else(|_| panic!("{instance} does not end")).unwrap();
        outcomes.insert(instance.to_string(), outcome.unwrap_or_else(|error| panic!("{instance} has failed: {error}")));
    }
    assert_eq!(outcomes.len(), EACH * 4 + 1);
    assert_eq!(outcomes["pickup/new-early"], "packed labelled early");
    for number in 0..EACH {
        // What begins with the new step, only the newer build can have begun.
        assert_eq!(outcomes[&format!("pickup/new-{number}")], format!("packed labelled {number}"));
        assert_eq!(outcomes[&format!("pickup/old-{number}")], format!("packed {number}"));
        let delivered = &outcomes[&format!("delivery/new-{number}")];
        let known = [format!("shipped packed {number}"), format!("shipped labelled packed {number}")];
        assert!(known.contains(delivered), "{delivered}");
    }
    // No worker was lost, so no step has run twice, wherever it ran.
    let mut done = BTreeMap::new();
    for (_, line) in older.lines().into_iter().chain(newer.lines()) {
        *done.entry(line).or_insert(0) += 1;
    }
    assert!(done.values().all(|times| *times == 1), "{done:?}");
    let again = client.start(new::pickup("0".to_owned())).id("new-0").if_exists(IfExists::Refuse).await;
    assert!(again.is_err(), "it has been started");
}

/// Ten send to one entity, each signal twice, while its workers are killed. `SAGAFLOW_SIGNALS=50000` sends fifty thousand.
#[tokio::test]
async fn signals_are_taken_once_and_in_order_whoever_is_killed() {
    const SENDERS: u64 = 10;
    let signals = std::env::var("SAGAFLOW_SIGNALS").map_or(1_000, |signals| signals.parse::<u64>().unwrap());
    let server = NatsServer::start().await;
    let (client, url) = (client(&server).await, server.url());
    let worker = || Process::start(WORKER, &[&*url, "--ack-wait-ms", "500"]);
    let handle = client.start(tally(signals)).id("one").await.unwrap();
    let send = async |from: u64| {
        for number in 1..=signals / SENDERS {
            // As one who doesn't know whether the first was sent.
            for _ in 0..2 {
                handle.signal(Next { from, number }).key(format!("{from}-{number}")).await.unwrap();
            }
        }
    };
    let mut kills = 0;
    let kill = async {
        let mut workers = [worker(), worker()];
        loop {
            for one in &mut workers {
                tokio::time::sleep(Duration::from_millis(300)).await;
                // What it was is killed as it is dropped.
                *one = worker();
                kills += 1;
            }
        }
    };
    let sent = futures::future::join_all((0..SENDERS).map(send));
    let taken = async {
        sent.await;
        handle.outcome().await
    };
    let taken = tokio::select! {
        taken = timeout(PATIENCE * 10, taken) => taken.expect("it ends").unwrap(),
        _ = kill => unreachable!("it goes on for ever"),
    };
    assert_eq!(taken.unwrap(), (0..SENDERS).map(|from| (from, signals / SENDERS)).collect());
    println!("{signals} signals, {kills} kills");
    assert!(kills > 1, "there were none");
}
