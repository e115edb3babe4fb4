//! Long waits: a parked record is the server's alone, and comes at its time whatever happens in between.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use async_nats::HeaderMap;
use bytes::Bytes;
use sagaflow::transport::{Append, ConnectOptions, nats};
use sagaflow_tests::{NatsServer, Settings};

use crate::support::{
    administrator, append, append_surely, id, join, next, open, open_deliveries, patient, soon, text, timers,
};

/// Longer than what is merely handed back with a delay.
const LONG: Duration = Duration::from_millis(5200);

#[tokio::test]
async fn a_parked_record_is_no_open_delivery_and_leaves_nothing_behind() {
    let server = NatsServer::start().await;
    let (transport, administrator) = (open(&server).await, administrator(&server).await);
    let mut deliveries = join(&transport, patient(8)).await;
    let revision = append(&transport, &id(1), None, "1").await.unwrap();
    let begin = Instant::now();
    next(&mut deliveries).await.handle.park(LONG).await;
    soon(async { while open_deliveries(&administrator).await != 0 {} }).await;
    assert_eq!(timers(&administrator).await, 1);
    let woken = next(&mut deliveries).await;
    assert!(begin.elapsed() >= LONG, "{:?}", begin.elapsed());
    assert_eq!((&woken.instance, woken.revision, woken.delivered), (&id(1), revision, 1));
    assert_eq!(open_deliveries(&administrator).await, 0, "it is the wake that is open");
    append(&transport, &id(1), Some(revision), "2").await.unwrap();
    woken.handle.superseded().await;
    assert_eq!(text(&next(&mut deliveries).await.payload), "2");
    soon(async { while timers(&administrator).await != 0 {} }).await;
}

#[tokio::test]
async fn a_short_wait_sets_no_timer() {
    let server = NatsServer::start().await;
    let (transport, administrator) = (open(&server).await, administrator(&server).await);
    let mut deliveries = join(&transport, patient(8)).await;
    append(&transport, &id(1), None, "1").await.unwrap();
    next(&mut deliveries).await.handle.park(Duration::from_millis(300)).await;
    assert_eq!(timers(&administrator).await, 0);
    assert_eq!(next(&mut deliveries).await.delivered, 2);
}

#[tokio::test]
async fn wakes_for_other_records_than_the_last_are_dropped() {
    let server = NatsServer::start().await;
    let (transport, administrator) = (open(&server).await, administrator(&server).await);
    let mut deliveries = join(&transport, patient(8)).await;
    let first = append(&transport, &id(1), None, "1").await.unwrap();
    next(&mut deliveries).await.handle.park(LONG).await;
    let second = append(&transport, &id(1), Some(first), "2").await.unwrap();
    let open = next(&mut deliveries).await;
    for (number, revision) in [(1, first.0), (1, second.0 + 7), (2, 1)] {
        let wake = format!("sagaflow.timers.wake.checkout.order-{number}.{revision}");
        administrator.publish(wake, Bytes::from_static(b"?")).await.unwrap().await.unwrap();
    }
    // The timer of the first record fires in vain, too.
    let none = tokio::time::timeout(LONG + Duration::from_secs(1), deliveries.next()).await;
    assert!(none.is_err(), "{none:?}");
    assert_eq!(timers(&administrator).await, 0);
    open.handle.ack().await;
}

/// The worker has set the timer and died before it acknowledged the delivery.
#[tokio::test]
async fn a_worker_that_dies_while_it_parks_loses_nothing_and_doubles_nothing() {
    let server = NatsServer::start().await;
    let (transport, administrator) = (open(&server).await, administrator(&server).await);
    let mut options = patient(8);
    options.ack_wait = Duration::from_secs(3);
    let mut first = join(&transport, options).await;
    let revision = append(&transport, &id(1), None, "1").await.unwrap();
    let delivery = next(&mut first).await;
    let mut headers = HeaderMap::new();
    let due = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(10);
    headers.insert("Nats-Schedule", format!("@at {due}"));
    headers.insert("Nats-Schedule-Target", format!("sagaflow.timers.wake.checkout.order-1.{revision}"));
    let timer = administrator.publish_with_headers("sagaflow.timers.at.checkout.order-1", headers, "".into()).await;
    timer.unwrap().await.unwrap();
    drop((delivery, first));

    let mut second = join(&transport, options).await;
    let again = next(&mut second).await;
    assert_eq!((again.revision, again.delivered), (revision, 2));
    again.handle.park(LONG).await;
    drop(again);
    let woken = next(&mut second).await;
    assert_eq!((woken.revision, woken.delivered), (revision, 1));
    woken.handle.ack().await;
    // Till after the time of the first timer, which the second has replaced.
    let more = tokio::time::timeout(Duration::from_secs(4), second.next()).await;
    assert!(more.is_err(), "once is enough: {more:?}");
}

/// A worker slept with a delivery in its hands, and parks it when the instance has long moved on, and sleeps again.
#[tokio::test]
async fn a_late_timer_of_a_former_record_does_not_cost_the_last_one_its_timer() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut deliveries = join(&transport, patient(8)).await;
    let (first, instance) = (append(&transport, &id(1), None, "1").await.unwrap(), id(1));
    let asleep = next(&mut deliveries).await;
    let due = SystemTime::now() + LONG * 2;
    let sleeping = Append { not_before: Some(due), ..Append::new(&instance, Some(first), "2".into()) };
    let second = transport.append(sleeping).await.unwrap();
    next(&mut deliveries).await.handle.park(LONG * 2).await;
    asleep.handle.park(LONG).await;
    let woken = next(&mut deliveries).await;
    assert_eq!((woken.revision, text(&woken.payload)), (second, "2"));
    assert!(SystemTime::now() >= due);
}

#[tokio::test]
async fn timers_survive_a_crash_of_the_server() {
    let mut server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut deliveries = join(&transport, patient(64)).await;
    for number in 0..100 {
        append_surely(&transport, &id(number), "1").await;
        // Some fire while the server is down.
        next(&mut deliveries).await.handle.park(LONG + Duration::from_millis(number as u64 * 10)).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.kill();
    server.restart().await;
    let mut missing: Vec<_> = (0..100).map(id).collect();
    while !missing.is_empty() {
        let woken = next(&mut deliveries).await;
        missing.retain(|instance| *instance != woken.instance);
        woken.handle.ack().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_timers_all_fire_once() {
    const TIMERS: usize = 2000;
    let server = NatsServer::start().await;
    let (transport, administrator) = (open(&server).await, administrator(&server).await);
    let mut deliveries = join(&transport, patient(256)).await;
    let begin = Instant::now();
    // All are to be parked before the first of them fires.
    let lead = Duration::from_secs(10);
    let due = move |number: usize| lead + Duration::from_secs(3) * number as u32 / TIMERS as u32;
    let parking = async {
        for number in 0..TIMERS {
            append_surely(&transport, &id(number), &number.to_string()).await;
            let delivery = deliveries.next().await.unwrap().unwrap();
            let number: usize = text(&delivery.payload).parse().unwrap();
            tokio::spawn(async move { delivery.handle.park(due(number).saturating_sub(begin.elapsed())).await });
        }
    };
    tokio::time::timeout(lead, parking).await.expect("all are parked in time");
    let mut late = BTreeMap::new();
    while late.len() < TIMERS {
        let woken = next(&mut deliveries).await;
        let number: usize = text(&woken.payload).parse().unwrap();
        let lateness = begin.elapsed().checked_sub(due(number)).expect("not early");
        assert!(late.insert(number, lateness).is_none(), "{number} fired twice");
        woken.handle.ack().await;
    }
    let mut late: Vec<_> = late.into_values().collect();
    late.sort();
    assert!(late[TIMERS * 99 / 100] < Duration::from_secs(3), "p99 {:?}", late[TIMERS * 99 / 100]);
    soon(async { while timers(&administrator).await != 0 {} }).await;
    assert_eq!(open_deliveries(&administrator).await, 0);
}

/// Then the delivery is handed back, and nothing is lost.
#[tokio::test]
async fn a_worker_that_may_set_no_timers_waits_without() {
    let config = r#"authorization { users = [
        { user: admin, password: a }
        { user: worker, password: w, permissions: { publish: { deny: ["sagaflow.timers.at.>"] } } }
    ] }"#;
    let server = NatsServer::start_with(Settings { config: config.to_owned(), ..Settings::default() }).await;
    let url = format!("nats://worker:w@{}", server.address());
    let transport = nats::open(&url, &ConnectOptions::default()).await.unwrap();
    let mut deliveries = join(&transport, patient(8)).await;
    append(&transport, &id(1), None, "1").await.unwrap();
    let delivery = next(&mut deliveries).await;
    let begin = Instant::now();
    delivery.handle.park(LONG).await;
    assert_eq!(next(&mut deliveries).await.delivered, 2);
    assert!(begin.elapsed() >= LONG, "{:?}", begin.elapsed());
}
