//! Watches: the present record, then later ones, and always the last.

use bytes::Bytes;

use super::Harness;
use super::kit::{Kit, instance};

/// Who comes late sees what is there.
pub async fn a_watch_yields_the_present_record(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    let second = kit.put(&order, Some(first), "second").await;
    let stored = kit.watch(&order).await.next().await;
    assert_eq!((stored.revision, stored.payload), (second, Bytes::from("second")));
}

/// Who comes early sees the instance start.
pub async fn a_watch_yields_the_first_record(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, other) = (instance("order"), instance("other"));
    let mut watcher = kit.watch(&order).await;
    kit.start(&other).await;
    let (stored, revision) = tokio::join!(watcher.next(), kit.start(&order));
    assert_eq!((stored.revision, stored.payload), (revision, Bytes::from("started")));
}

/// Record after record, in order, to the terminal one.
pub async fn a_watch_yields_later_records(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut last = kit.start(&order).await;
    let mut watcher = kit.watch(&order).await;
    assert_eq!(watcher.next().await.revision, last);
    for n in 0..5 {
        last = kit.put(&order, Some(last), &n.to_string()).await;
        let stored = watcher.next().await;
        assert_eq!((stored.revision, stored.payload), (last, Bytes::from(n.to_string())));
    }
    last = kit.finish(&order, last, std::time::Duration::from_secs(3600)).await;
    let stored = watcher.next().await;
    assert_eq!((stored.revision, stored.payload), (last, Bytes::from("finished")));
}

/// Records between may be skipped, the last may not; and none comes out of order.
pub async fn a_watch_sees_the_last_of_quick_appends(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut last = kit.start(&order).await;
    let mut watcher = kit.watch(&order).await;
    for n in 0..200 {
        last = kit.put(&order, Some(last), &n.to_string()).await;
    }
    let mut seen = watcher.next().await.revision;
    while seen < last {
        let next = watcher.next().await.revision;
        assert!(next > seen, "{next} comes after {seen}");
        seen = next;
    }
    assert_eq!(seen, last);
}

/// Each watch sees for itself, and the end of one is not the end of another.
pub async fn several_watches_all_see(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let (mut a, mut b, ended) = (kit.watch(&order).await, kit.watch(&order).await, kit.watch(&order).await);
    let first = kit.start(&order).await;
    assert_eq!((a.next().await.revision, b.next().await.revision), (first, first));
    drop(ended);
    let second = kit.put(&order, Some(first), "second").await;
    assert_eq!((a.next().await.revision, b.next().await.revision), (second, second));
}
