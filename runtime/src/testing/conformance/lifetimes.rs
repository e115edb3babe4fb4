//! How long things last: terminal records, restarts, the transport itself.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use super::Harness;
use super::kit::{Kit, LONG, instance, record};
use crate::transport::Append;

const HOUR: Duration = Duration::from_secs(3600);

/// While the terminal record is kept, the id can't be started again.
pub async fn a_terminal_record_protects_the_id(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    let last = kit.finish(&order, first, HOUR).await;
    kit.assert_superseded(record(&order, None, "again"), Some(last)).await;
    kit.assert_superseded(record(&order, Some(first), "stale"), Some(last)).await;
    let stored = kit.latest(&order).await.expect("the terminal record is there");
    assert_eq!((stored.revision, &stored.payload[..]), (last, &b"finished"[..]));
}

/// After its time the terminal record is gone, and the id may be started again, with a greater revision.
pub async fn a_terminal_record_expires(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    let last = kit.finish(&order, first, kit.shortest_keep()).await;
    kit.in_time("the end of a terminal record", async {
        while kit.latest(&order).await.is_some() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    kit.assert_superseded(record(&order, Some(last), "stale"), None).await;
    let again = kit.put(&order, None, "again").await;
    assert!(again > last, "{again} is more than {last}");
    let delivery = kit.patient_worker().await.expect(&order, again).await;
    assert_eq!(delivery.payload, "again");
}

/// Terminal records are not delivered, or are done with by an acknowledgement: others are not kept waiting.
pub async fn a_terminal_record_blocks_nobody(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    for n in 0..20 {
        let order = instance(&format!("order-{n}"));
        let first = kit.start(&order).await;
        kit.finish(&order, first, HOUR).await;
    }
    let live = instance("live");
    let revision = kit.start(&live).await;
    let mut worker = kit.worker_with("conformance", 2, kit.ack_wait()).await;
    loop {
        let delivery = worker.next().await;
        delivery.handle.ack().await;
        if delivery.instance == live {
            assert_eq!(delivery.revision, revision);
            break;
        }
        assert_eq!(&delivery.payload[..], b"finished");
    }
}

/// Every acknowledged record is there after a restart, the terminal ones too, and each only as its last.
pub async fn records_survive_a_restart(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut expected = Vec::new();
    for n in 0..30 {
        let order = instance(&format!("order-{n}"));
        let mut last = kit.start(&order).await;
        if n % 3 > 0 {
            last = kit.put(&order, Some(last), "second").await;
        }
        if n % 3 > 1 {
            last = kit.finish(&order, last, HOUR).await;
        }
        expected.push((order, last, ["started", "second", "finished"][n % 3]));
    }
    let Some(kit) = kit.reopen().await else { return };
    for (order, revision, payload) in expected {
        let stored = kit.latest(&order).await.unwrap_or_else(|| panic!("{order} has its record"));
        assert_eq!((stored.revision, &stored.payload[..]), (revision, payload.as_bytes()), "{order}");
        kit.assert_superseded(record(&order, None, "again"), Some(revision)).await;
    }
}

/// Conditions hold across a restart, and no revision comes twice.
pub async fn revisions_continue_after_a_restart(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, gone) = (instance("order"), instance("gone"));
    let first = kit.start(&order).await;
    let second = kit.put(&order, Some(first), "second").await;
    // The greatest revision is one that does not outlive the restart.
    let started = kit.start(&gone).await;
    let greatest = kit.finish(&gone, started, kit.shortest_keep()).await;
    kit.in_time("the end of a terminal record", async {
        while kit.latest(&gone).await.is_some() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let Some(kit) = kit.reopen().await else { return };
    kit.assert_superseded(record(&order, Some(first), "stale"), Some(second)).await;
    let third = kit.put(&order, Some(second), "third").await;
    let again = kit.put(&gone, None, "again").await;
    assert!(third > second && again > greatest, "{again} is more than {greatest}");
}

/// What was not finished goes on after a restart: records that waited, those in a worker's hands, sleeping ones.
pub async fn live_records_are_delivered_after_a_restart(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (waiting, held, sleeping) = (instance("waiting"), instance("held"), instance("sleeping"));
    let mut worker = kit.worker().await;
    let held_revision = kit.start(&held).await;
    let in_hands = worker.expect(&held, held_revision).await;
    drop(worker);
    let waiting_revision = kit.start(&waiting).await;
    let due = SystemTime::now() + Duration::from_secs(2);
    let sleeping_revision = kit.sleep_until(&sleeping, due).await;
    let done = instance("done");
    let started = kit.start(&done).await;
    kit.finish(&done, started, HOUR).await;
    // It waits for ever, but there is something to be told.
    let stuck = instance("stuck");
    let never = Some(SystemTime::from(jiff::Timestamp::MAX));
    let tells = Append { not_before: never, deliver: true, ..record(&stuck, None, "stuck") };
    let stuck_revision = kit.append(tells).await.expect("it is stored");

    let Some(kit) = kit.reopen().await else { return };
    drop(in_hands);
    let mut worker = kit.worker_with("conformance", 64, LONG).await;
    let mut expected = BTreeSet::from([
        (waiting, waiting_revision),
        (held, held_revision),
        (sleeping.clone(), sleeping_revision),
        (stuck, stuck_revision),
    ]);
    while !expected.is_empty() {
        let delivery = worker.next().await;
        match due.duration_since(SystemTime::now()) {
            Ok(rest) if delivery.instance == sleeping && !rest.is_zero() => delivery.handle.nak(rest).await,
            _ => {
                delivery.handle.ack().await;
                let known = expected.remove(&(delivery.instance.clone(), delivery.revision));
                assert!(known || delivery.instance == done, "{delivery:?} was not expected");
            }
        }
    }
}

/// Who waits on a transport that is closed does not wait for ever; a closed transport takes nothing.
pub async fn closing_ends_deliveries_and_watches(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.patient_worker().await;
    let mut watcher = kit.watch(&order).await;
    let (closed, (), ()) =
        tokio::join!(kit.in_time("the close", kit.transport.close()), worker.expect_end(), watcher.expect_end());
    closed.expect("the transport is closed");
    let late = kit.in_time("an answer", kit.transport.append(record(&order, None, "late"))).await;
    assert!(late.is_err(), "a closed transport takes nothing");
}
