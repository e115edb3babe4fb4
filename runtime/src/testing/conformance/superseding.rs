//! A record that is not the instance's last is no longer delivered, whatever was on its way.

use std::time::{Duration, SystemTime};

use super::Harness;
use super::kit::{Kit, LONG, instance};

/// What was superseded before anybody asked for it is not delivered.
pub async fn a_superseded_record_is_not_delivered(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut last = kit.start(&order).await;
    for n in 0..5 {
        last = kit.put(&order, Some(last), &n.to_string()).await;
    }
    let mut worker = kit.worker().await;
    worker.expect(&order, last).await.handle.ack().await;
    worker.assert_nothing(kit.quiet()).await;
}

/// What was handed back and then superseded does not come again.
pub async fn a_superseded_record_does_not_come_again_after_nak(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.worker().await;
    let first = kit.start(&order).await;
    worker.expect(&order, first).await.handle.nak(kit.ack_wait() / 2).await;
    let second = kit.put(&order, Some(first), "second").await;
    worker.expect(&order, second).await.handle.ack().await;
    worker.assert_nothing(kit.quiet()).await;
}

/// A delivery that was superseded while it was open is over, settled or not.
pub async fn a_superseded_record_does_not_come_again_after_the_ack_wait(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.worker().await;
    let first = kit.start(&order).await;
    let _unsettled = worker.expect(&order, first).await;
    let second = kit.put(&order, Some(first), "second").await;
    worker.expect(&order, second).await.handle.ack().await;
    worker.assert_nothing(kit.quiet()).await;
}

/// Whoever comes late with an answer to a superseded delivery changes nothing.
pub async fn a_late_settlement_of_a_superseded_delivery_harms_nothing(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.patient_worker().await;
    for how in ["ack", "nak", "term", "in progress", "superseded"] {
        let order = instance(&how.replace(' ', "-"));
        let first = kit.start(&order).await;
        let late = worker.expect(&order, first).await;
        let second = kit.put(&order, Some(first), "second").await;
        match how {
            "ack" => late.handle.ack().await,
            "nak" => late.handle.nak(Duration::ZERO).await,
            "term" => late.handle.term("too late").await,
            "in progress" => late.handle.in_progress().await,
            _ => late.handle.superseded().await,
        }
        // The successor is delivered, can be handed back, and can be superseded in its turn.
        worker.expect(&order, second).await.handle.nak(Duration::ZERO).await;
        let open = worker.expect(&order, second).await;
        late.handle.ack().await;
        let third = kit.put(&order, Some(second), "third").await;
        open.handle.superseded().await;
        worker.expect(&order, third).await.handle.ack().await;
    }
    worker.assert_nothing(kit.quiet()).await;
}

/// A worker that wants one delivery at a time goes on by appending alone, without acknowledgements.
pub async fn an_append_makes_room_for_the_next_delivery(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.worker_with("conformance", 1, LONG).await;
    let mut last = kit.start(&order).await;
    for n in 0..5 {
        let delivery = worker.expect(&order, last).await;
        last = kit.put(&order, Some(last), &n.to_string()).await;
        delivery.handle.superseded().await;
    }
    worker.expect(&order, last).await.handle.ack().await;
}

/// A record that is to wait is delivered when its time has come. (Delivered before, a worker hands it back.)
pub async fn a_record_is_delivered_after_its_not_before(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, at_once) = (instance("order"), instance("at-once"));
    let mut worker = kit.patient_worker().await;
    let due = SystemTime::now() + Duration::from_millis(800);
    let revision = kit.sleep_until(&order, due).await;
    let past = kit.sleep_until(&at_once, SystemTime::now() - Duration::from_secs(60)).await;
    let mut at_once_seen = false;
    loop {
        let delivery = worker.next().await;
        if delivery.instance == at_once {
            assert_eq!(delivery.revision, past);
            assert!(!at_once_seen, "delivered twice");
            at_once_seen = true;
            delivery.handle.ack().await;
            continue;
        }
        assert_eq!((&delivery.instance, delivery.revision), (&order, revision));
        match due.duration_since(SystemTime::now()) {
            Ok(rest) if !rest.is_zero() => delivery.handle.nak(rest).await,
            _ => {
                delivery.handle.ack().await;
                break;
            }
        }
    }
    assert!(at_once_seen, "a time that is over is no reason to wait");
}

/// A record that waits for its time can be superseded before that, and is then not delivered.
pub async fn a_sleeping_record_can_be_superseded(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.sleep_until(&order, SystemTime::now() + kit.ack_wait()).await;
    let second = kit.put(&order, Some(first), "awake").await;
    let mut worker = kit.patient_worker().await;
    worker.expect(&order, second).await.handle.ack().await;
    worker.assert_nothing(kit.ack_wait() + kit.quiet()).await;
}
