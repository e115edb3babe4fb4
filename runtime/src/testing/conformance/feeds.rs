//! The feed: every instance's last record, in order, from a position on.

use std::collections::HashMap;

use super::Harness;
use super::kit::{Kit, instance};
use crate::transport::{Feed, InstanceId, Revision};

/// What has been seen of instances: their last revisions.
type Seen = HashMap<InstanceId, Revision>;

/// Reads until all these have been seen; returns the last position. None may come out of order.
async fn read_until(kit: &Kit<'_>, feed: &mut dyn Feed, seen: &mut Seen, last: &Seen) -> String {
    kit.in_time("the records of the feed", async {
        loop {
            let page = feed.next().await.expect("the feed goes on").expect("the feed is read");
            for (instance, stored) in page.records {
                let before = seen.insert(instance.clone(), stored.revision);
                let in_order = before.is_none_or(|before| before <= stored.revision);
                assert!(in_order, "{instance}: {} comes after {before:?}", stored.revision);
            }
            if last.iter().all(|(instance, revision)| seen.get(instance) == Some(revision)) {
                return page.position;
            }
        }
    })
    .await
}

/// What is there, and then what comes: the last record of each instance always.
pub async fn a_feed_shows_the_last_record_of_each_instance(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut last = Seen::new();
    let names: Vec<_> = (0..50).map(|n| instance(&format!("feed-{n}"))).collect();
    for name in &names[..25] {
        let first = kit.start(name).await;
        last.insert(name.clone(), kit.put(name, Some(first), "second").await);
    }
    let mut feed = kit.transport.feed(None).await.expect("the feed begins");
    let mut seen = Seen::new();
    read_until(&kit, &mut *feed, &mut seen, &last).await;
    for name in &names {
        let after = last.get(name).copied();
        let next = kit.put(name, after, "third").await;
        last.insert(name.clone(), kit.finish(name, next, std::time::Duration::from_secs(3600)).await);
    }
    read_until(&kit, &mut *feed, &mut seen, &last).await;
}

/// Begun again after a position, it goes on behind it, and misses nothing that came meanwhile.
pub async fn a_feed_goes_on_after_its_position(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, other) = (instance("order"), instance("other"));
    let first = kit.start(&order).await;
    let mut feed = kit.transport.feed(None).await.expect("the feed begins");
    let mut last = Seen::from([(order.clone(), first)]);
    let position = read_until(&kit, &mut *feed, &mut Seen::new(), &last).await;
    drop(feed);
    last.insert(order.clone(), kit.put(&order, Some(first), "second").await);
    last.insert(other.clone(), kit.start(&other).await);
    let mut feed = kit.transport.feed(Some(&position)).await.expect("the feed goes on");
    read_until(&kit, &mut *feed, &mut Seen::new(), &last).await;
    let refused = kit.transport.feed(Some("no position")).await;
    assert!(refused.is_err(), "a text that is no position is refused");
}

/// The same after a restart of what carries the records.
pub async fn a_feed_goes_on_after_a_restart(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, other) = (instance("order"), instance("other"));
    let first = kit.start(&order).await;
    let mut feed = kit.transport.feed(None).await.expect("the feed begins");
    let mut last = Seen::from([(order.clone(), first)]);
    let position = read_until(&kit, &mut *feed, &mut Seen::new(), &last).await;
    last.insert(order.clone(), kit.put(&order, Some(first), "second").await);
    drop(feed);
    let Some(kit) = kit.reopen().await else { return };
    last.insert(other.clone(), kit.start(&other).await);
    let mut feed = kit.transport.feed(Some(&position)).await.expect("the feed goes on");
    read_until(&kit, &mut *feed, &mut Seen::new(), &last).await;
}

/// Page by page, the last record of each instance is there: of one saga, or of all.
pub async fn records_are_the_last_of_each_instance(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut last = HashMap::new();
    for number in 0..300 {
        let order = instance(&format!("order-{number}"));
        let mut revision = kit.start(&order).await;
        if number % 3 == 0 {
            revision = kit.put(&order, Some(revision), "moved").await;
        }
        last.insert(order, revision);
    }
    let other = InstanceId::new("other", "1").expect("a name");
    kit.put(&other, None, "another").await;
    let read = async |saga: Option<&str>| {
        let (mut found, mut after) = (HashMap::new(), None::<String>);
        loop {
            let page = kit.in_time("a page", kit.transport.records(saga, after.as_deref())).await;
            let page = page.expect("the records are read");
            for (instance, stored) in page.records {
                let twice = found.insert(instance, stored.revision);
                assert!(twice.is_none(), "nothing has moved meanwhile");
            }
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    };
    assert_eq!(read(Some(instance("any").saga())).await, last);
    assert_eq!(read(Some("other")).await.len(), 1);
    assert_eq!(read(Some("unknown")).await.len(), 0);
    assert_eq!(read(None).await.len(), 301);
    let wrong = kit.in_time("a page", kit.transport.records(None, Some("nowhere"))).await;
    assert_eq!(wrong.expect_err("no position").kind(), crate::ErrorKind::InvalidOptions);
}
