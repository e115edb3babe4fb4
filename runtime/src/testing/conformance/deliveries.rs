//! Deliveries: each record to one worker, of its saga, no more than it wants.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::FutureExt;

use super::Harness;
use super::kit::{Kit, LONG, Worker, instance};
use crate::transport::InstanceId;

/// A worker that waits gets what is appended.
pub async fn a_record_is_delivered(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.patient_worker().await;
    let (first, delivery) = tokio::join!(kit.start(&order), worker.next());
    assert_eq!((&delivery.instance, delivery.revision), (&order, first));
    assert_eq!((&delivery.payload[..], delivery.delivered), (&b"started"[..], 1));
    let second = kit.put(&order, Some(first), "second").await;
    delivery.handle.superseded().await;
    assert_eq!(worker.expect(&order, second).await.payload, "second");
}

/// What was appended before any worker joined is delivered as well.
pub async fn a_record_that_came_first_is_delivered(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let revision = kit.start(&order).await;
    let delivery = kit.patient_worker().await.expect(&order, revision).await;
    assert_eq!(&delivery.payload[..], b"started");
}

/// Two workers share the records: none is delivered twice, none is left.
pub async fn each_record_goes_to_one_worker(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (mut a, mut b) = (kit.patient_worker().await, kit.patient_worker().await);
    let orders = start_many(&kit, 40).await;
    let mut seen = BTreeSet::new();
    while seen.len() < orders.len() {
        let delivery = either(&mut a, &mut b).await;
        assert!(seen.insert(delivery.instance.clone()), "{} was delivered twice", delivery.instance);
        delivery.handle.ack().await;
    }
    assert_eq!(seen, orders);
    tokio::join!(a.assert_nothing(kit.quiet()), b.assert_nothing(kit.quiet()));
}

async fn either(a: &mut Worker, b: &mut Worker) -> crate::transport::Delivery {
    tokio::select! {
        delivery = a.next() => delivery,
        delivery = b.next() => delivery,
    }
}

/// A worker gets no record of a saga that it did not join.
pub async fn other_sagas_are_not_delivered(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.patient_worker().await;
    for saga in ["another", "conformance-2", "conform"] {
        kit.start(&InstanceId::new(saga, "order").expect("a valid id")).await;
    }
    let order = instance("order");
    let revision = kit.start(&order).await;
    worker.expect(&order, revision).await.handle.ack().await;
    worker.assert_nothing(kit.quiet()).await;
}

/// A thousand instances: each is delivered, and none twice.
pub async fn many_instances_are_delivered_once(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.patient_worker().await;
    let orders = start_many(&kit, 1000).await;
    let mut seen = BTreeSet::new();
    while seen.len() < orders.len() {
        let delivery = worker.next().await;
        assert!(seen.insert(delivery.instance.clone()), "{} was delivered twice", delivery.instance);
        delivery.handle.ack().await;
    }
    assert_eq!(seen, orders);
    worker.assert_nothing(kit.quiet()).await;
}

/// A worker gets no more unsettled deliveries than it wants, and the next as soon as one is settled.
pub async fn prefetch_is_respected(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.worker_with("conformance", 3, LONG).await;
    start_many(&kit, 6).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(worker.next().await);
    }
    worker.assert_nothing(kit.quiet()).await;
    for _ in 0..3 {
        held.remove(0).handle.ack().await;
        held.push(worker.next().await);
    }
}

/// A delivery is not lost with the future that was about to yield it.
pub async fn a_cancelled_next_loses_nothing(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.patient_worker().await;
    let orders = start_many(&kit, 50).await;
    let mut seen = BTreeSet::new();
    let mut impatient = false;
    while seen.len() < orders.len() {
        impatient = !impatient;
        let delivery = if impatient {
            // Polled at most a few times, then dropped.
            let Some(delivery) = worker.next_within(Duration::from_micros(50)).await else { continue };
            delivery
        } else {
            match worker.next().now_or_never() {
                Some(delivery) => delivery,
                None => worker.next().await,
            }
        };
        assert!(seen.insert(delivery.instance.clone()), "{} was delivered twice", delivery.instance);
        delivery.handle.ack().await;
    }
    assert_eq!(seen, orders);
}

/// A worker that leaves hands back what was not taken from it: at once, not after the ack wait. What is in the hands
/// of its tasks is theirs to settle.
pub async fn dropped_deliveries_are_handed_back(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut leaving = kit.patient_worker().await;
    let orders = start_many(&kit, 10).await;
    let held = leaving.next().await;
    drop(leaving);

    let mut worker = kit.patient_worker().await;
    let mut seen = BTreeSet::from([held.instance.clone()]);
    while seen.len() < orders.len() {
        let delivery = worker.next().await;
        assert!(seen.insert(delivery.instance.clone()), "{} was delivered twice", delivery.instance);
        delivery.handle.ack().await;
    }
    assert_eq!(seen, orders);
    held.handle.nak(Duration::ZERO).await;
    worker.expect(&held.instance, held.revision).await.handle.ack().await;
}

/// A worker that leaves gets what it was given and had not taken, or that is handed back: none is lost, none comes to two,
/// and none waits for the ack wait. Nothing comes to it any more, not even what it hands back.
pub async fn leaving_returns_or_hands_back_what_was_not_taken(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut leaving = kit.patient_worker().await;
    let orders = start_many(&kit, 10).await;
    let held = leaving.next().await;
    let rest = leaving.leave().await;
    let returned: BTreeSet<_> = rest.iter().map(|delivery| delivery.instance.clone()).collect();
    assert_eq!(returned.len(), rest.len(), "each is returned once");
    assert!(returned.is_subset(&orders) && !returned.contains(&held.instance), "{returned:?}");
    // As a worker does: the same record once more, for others.
    for delivery in rest.iter().chain([&held]) {
        kit.put(&delivery.instance, Some(delivery.revision), "handed over").await;
        delivery.handle.superseded().await;
    }

    let mut worker = kit.patient_worker().await;
    let mut seen = BTreeSet::new();
    while seen.len() < orders.len() {
        let delivery = worker.next().await;
        assert!(seen.insert(delivery.instance.clone()), "{} was delivered twice", delivery.instance);
        let handed_over = delivery.payload == "handed over";
        assert_eq!(handed_over, returned.contains(&delivery.instance) || delivery.instance == held.instance);
        assert!(!handed_over || delivery.delivered == 1, "a new record is delivered for the first time");
        delivery.handle.ack().await;
    }
    assert_eq!(seen, orders);
}

/// Starts so many instances, some at the same time.
async fn start_many(kit: &Kit<'_>, count: usize) -> BTreeSet<InstanceId> {
    let orders: Vec<_> = (0..count).map(|n| instance(&format!("order-{n}"))).collect();
    for some in orders.chunks(50) {
        futures::future::join_all(some.iter().map(|order| kit.start(order))).await;
    }
    orders.into_iter().collect()
}
