//! Long waits: a delivery that is parked comes again at its time, and until then takes nothing.

use std::time::Duration;

use tokio::time::Instant;

use super::Harness;
use super::kit::{Kit, LONG, instance};

/// By how much clocks and timers may differ.
const TOLERANCE: Duration = Duration::from_millis(20);

/// What is parked comes again after the delay, not before, and once.
pub async fn a_parked_record_comes_at_its_time(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.patient_worker().await;
    let revision = kit.start(&order).await;
    let delivery = worker.expect(&order, revision).await;
    let begin = Instant::now();
    delivery.handle.park(kit.long_wait()).await;
    drop(delivery);
    let again = worker.expect(&order, revision).await;
    assert!(begin.elapsed() + TOLERANCE >= kit.long_wait(), "again after {:?}", begin.elapsed());
    assert_eq!(&again.payload[..], b"started");
    again.handle.ack().await;
    drop(again);
    worker.assert_nothing(kit.quiet()).await;
    assert_eq!(kit.latest(&order).await.map(|stored| stored.revision), Some(revision), "the record stays");
}

/// A worker that wants one delivery at a time gets others while one is parked.
pub async fn a_parked_record_takes_no_room(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.worker_with("conformance", 1, LONG).await;
    let mut parked = Vec::new();
    for n in 0..5 {
        let order = instance(&format!("order{n}"));
        let revision = kit.start(&order).await;
        let delivery = worker.expect(&order, revision).await;
        delivery.handle.park(kit.long_wait()).await;
        parked.push(revision);
    }
    for _ in 0..5 {
        let delivery = worker.next().await;
        parked.retain(|revision| *revision != delivery.revision);
        delivery.handle.ack().await;
    }
    assert!(parked.is_empty(), "revisions that did not come: {parked:?}");
}

/// A parked record can be superseded; then its time passes without a delivery.
pub async fn a_parked_record_can_be_superseded(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.patient_worker().await;
    let first = kit.start(&order).await;
    worker.expect(&order, first).await.handle.park(kit.long_wait()).await;
    let second = kit.put(&order, Some(first), "second").await;
    let delivery = worker.expect(&order, second).await;
    worker.assert_nothing(kit.long_wait() + kit.quiet()).await;
    delivery.handle.ack().await;
}

/// Once it has come, a parked record is as safe as any: if its worker is lost, or hands it back, it comes again; and
/// when it is superseded, that was all.
pub async fn a_parked_record_that_came_comes_again_from_a_lost_worker(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut lost = kit.worker().await;
    let first = kit.start(&order).await;
    lost.expect(&order, first).await.handle.park(kit.long_wait()).await;
    drop(lost.expect(&order, first).await);
    drop(lost);
    let mut worker = kit.worker().await;
    let again = worker.expect(&order, first).await;
    assert!(again.delivered > 1, "the loss shows: {}", again.delivered);
    again.handle.nak(Duration::ZERO).await;
    let last = worker.expect(&order, first).await;
    let second = kit.put(&order, Some(first), "second").await;
    last.handle.superseded().await;
    worker.expect(&order, second).await.handle.ack().await;
    worker.assert_nothing(kit.quiet()).await;
}
