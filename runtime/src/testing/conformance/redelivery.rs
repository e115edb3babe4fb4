//! How a delivery ends, and when a record is delivered again.

use std::time::Duration;

use tokio::time::Instant;

use super::Harness;
use super::kit::{Kit, LONG, instance};

/// By how much clocks and timers may differ.
const TOLERANCE: Duration = Duration::from_millis(20);

/// A delivery that is not settled comes again after the ack wait, and counts.
pub async fn an_unsettled_delivery_comes_again(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.worker().await;
    let revision = kit.start(&order).await;
    let begin = Instant::now();
    let first = worker.expect(&order, revision).await;
    let second = worker.expect(&order, revision).await;
    // The ack wait began when the delivery was made, at or after the append.
    assert!(begin.elapsed() + TOLERANCE >= kit.ack_wait(), "again after {:?}", begin.elapsed());
    assert_eq!(second.payload, first.payload);
    assert!(second.delivered > first.delivered, "{} is more than {}", second.delivered, first.delivered);
    second.handle.ack().await;
    worker.assert_nothing(kit.quiet()).await;
}

/// A worker that vanishes with a delivery in its hands does not take it along.
pub async fn a_delivery_of_a_lost_worker_comes_again(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut lost = kit.worker().await;
    let revision = kit.start(&order).await;
    drop(lost.expect(&order, revision).await);
    drop(lost);
    kit.worker().await.expect(&order, revision).await.handle.ack().await;
}

/// In progress, in progress, in progress: the record is not delivered again until that ends.
pub async fn a_heartbeat_prevents_redelivery(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.worker().await;
    let revision = kit.start(&order).await;
    let delivery = worker.expect(&order, revision).await;
    for _ in 0..12 {
        worker.assert_nothing(kit.ack_wait() / 4).await;
        delivery.handle.in_progress().await;
    }
    worker.expect(&order, revision).await.handle.ack().await;
}

/// An acknowledgement ends the delivery; the record stays.
pub async fn an_acknowledged_record_is_not_delivered_again(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.worker().await;
    let revision = kit.start(&order).await;
    worker.expect(&order, revision).await.handle.ack().await;
    worker.assert_nothing(kit.quiet()).await;
    assert_eq!(kit.latest(&order).await.map(|stored| stored.revision), Some(revision));
    // And the instance goes on.
    let second = kit.put(&order, Some(revision), "second").await;
    worker.expect(&order, second).await.handle.ack().await;
}

/// As an acknowledgement does, `term` ends the delivery; the record stays.
pub async fn a_terminated_record_is_not_delivered_again(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.worker().await;
    let revision = kit.start(&order).await;
    worker.expect(&order, revision).await.handle.term("it can't be read").await;
    worker.assert_nothing(kit.quiet()).await;
    assert_eq!(kit.latest(&order).await.map(|stored| stored.revision), Some(revision));
}

/// What is handed back comes again after the delay, not before.
pub async fn nak_hands_back_after_the_delay(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.patient_worker().await;
    let revision = kit.start(&order).await;
    let first = worker.expect(&order, revision).await;
    let delay = Duration::from_millis(700);
    let begin = Instant::now();
    first.handle.nak(delay).await;
    let second = worker.expect(&order, revision).await;
    assert!(begin.elapsed() + TOLERANCE >= delay, "again after {:?}", begin.elapsed());
    second.handle.ack().await;
    worker.assert_nothing(kit.quiet()).await;
}

/// Without a delay it comes again at once, also to another worker.
pub async fn nak_without_delay_hands_back_at_once(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.patient_worker().await;
    let revision = kit.start(&order).await;
    for _ in 0..3 {
        worker.expect(&order, revision).await.handle.nak(Duration::ZERO).await;
    }
    let last = worker.expect(&order, revision).await;
    // Not just dropped: it might be given to that one as it goes, and come again after the ack wait only.
    worker.leave().await;
    last.handle.nak(Duration::ZERO).await;
    kit.patient_worker().await.expect(&order, revision).await.handle.ack().await;
}

/// The ack wait is the delivery's, not the record's: after a hand-back it begins anew.
pub async fn a_delivery_is_worth_its_time(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.worker_with("conformance", 8, kit.ack_wait()).await;
    let revision = kit.start(&order).await;
    let first = worker.expect(&order, revision).await;
    worker.assert_nothing(kit.ack_wait() / 2).await;
    first.handle.nak(Duration::ZERO).await;
    let second = worker.expect(&order, revision).await;
    // Past the first delivery's ack wait, within the second's.
    worker.assert_nothing(kit.ack_wait() * 3 / 4).await;
    second.handle.ack().await;
    worker.assert_nothing(kit.quiet().min(LONG)).await;
}
