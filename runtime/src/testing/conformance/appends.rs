//! Appends: their condition, their answers, what they take.

use bytes::Bytes;
use futures::future::join_all;

use super::Harness;
use super::kit::{Kit, instance, record};
use crate::transport::{Append, AppendError, InstanceId, Revision};

/// A first record is stored under its revision; before it, there is none.
pub async fn a_fresh_append_is_stored(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    assert_eq!(kit.latest(&order).await, None);
    let revision = kit.start(&order).await;
    let stored = kit.latest(&order).await.expect("the record is there");
    assert_eq!((stored.revision, &stored.payload[..]), (revision, &b"started"[..]));
}

/// A record is bytes: each of the 256 comes back.
pub async fn a_payload_comes_back_unchanged(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let payload: Bytes = (0..=255).cycle().take(3 * 256).collect();
    let append = Append { payload: payload.clone(), ..record(&order, None, "") };
    kit.append(append).await.expect("any bytes are taken");
    assert_eq!(kit.latest(&order).await.expect("the record is there").payload, payload);
    assert_eq!(kit.worker().await.next().await.payload, payload);
}

/// `after: None` asks for an instance without a record.
pub async fn a_second_start_is_refused(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    kit.assert_superseded(record(&order, None, "again"), Some(first)).await;
    assert_eq!(kit.latest(&order).await.expect("the record is there").payload, "started");
}

/// Whoever appends after a revision that is no longer the last gets nowhere.
pub async fn a_stale_append_is_refused(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    let second = kit.put(&order, Some(first), "second").await;
    kit.assert_superseded(record(&order, Some(first), "stale"), Some(second)).await;
    assert_eq!(kit.latest(&order).await.expect("the record is there").payload, "second");
}

/// An instance that has no record has no revision to append after.
pub async fn an_append_after_an_unknown_revision_is_refused(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, other) = (instance("order"), instance("other"));
    kit.assert_superseded(record(&order, Some(Revision(1)), "nothing before"), None).await;
    let of_other = kit.start(&other).await;
    kit.assert_superseded(record(&order, Some(of_other), "another's revision"), None).await;
    assert_eq!(kit.latest(&order).await, None);
}

/// Of ten records, the last is there.
pub async fn latest_is_the_last_append(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut last = kit.start(&order).await;
    for n in 0..10 {
        let payload = format!("record {n}");
        last = kit.put(&order, Some(last), &payload).await;
        let stored = kit.latest(&order).await.expect("the record is there");
        assert_eq!((stored.revision, stored.payload), (last, Bytes::from(payload)));
    }
}

/// An instance's revisions grow.
pub async fn revisions_grow(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, other) = (instance("order"), instance("other"));
    let mut last = kit.start(&order).await;
    let mut last_of_other = kit.start(&other).await;
    for n in 0..5 {
        let next = kit.put(&order, Some(last), &n.to_string()).await;
        let next_of_other = kit.put(&other, Some(last_of_other), &n.to_string()).await;
        assert!(next > last && next_of_other > last_of_other);
        (last, last_of_other) = (next, next_of_other);
    }
}

/// 16 appends after the same revision, at the same time: one is stored, the others are told.
pub async fn of_concurrent_appends_one_wins(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    assert_one_wins(&kit, &order, Some(first)).await;
}

/// 16 starts of the same id, at the same time: one is stored, the others are told.
pub async fn of_concurrent_starts_one_wins(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    assert_one_wins(&kit, &instance("order"), None).await;
}

async fn assert_one_wins(kit: &Kit<'_>, order: &InstanceId, after: Option<Revision>) {
    let answers = join_all((0..16).map(|n| async move {
        let payload = format!("by {n}");
        let answer = kit.append(record(order, after, &payload)).await;
        (payload, answer)
    }));
    let mut winner = None;
    for (payload, answer) in answers.await {
        match answer {
            Ok(revision) => {
                let before = winner.replace((payload, revision));
                assert_eq!(before, None, "only one append succeeds");
            }
            Err(AppendError::Superseded { .. }) => {}
            Err(other) => panic!("expected `superseded`, got {other:?}"),
        }
    }
    let (payload, revision) = winner.expect("one append succeeds");
    let stored = kit.latest(order).await.expect("the record is there");
    assert_eq!((stored.revision, stored.payload), (revision, Bytes::from(payload)));
}

/// The same id under another saga is another instance.
pub async fn ids_are_unique_within_a_saga_only(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let here = instance("order");
    let there = InstanceId::new("conformance-2", "order").expect("a valid id");
    kit.put(&here, None, "here").await;
    kit.put(&there, None, "there").await;
    assert_eq!(kit.latest(&here).await.expect("the record is there").payload, "here");
    assert_eq!(kit.latest(&there).await.expect("the record is there").payload, "there");
}

/// Every sign that an id may contain, in ids and in sagas' names, up to the greatest length.
pub async fn odd_ids_work(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let signs: String = (b'!'..=b'~').map(char::from).filter(|c| !".*>/\\".contains(*c)).collect();
    let long = "x".repeat(InstanceId::MAX_LEN);
    let names = ["$JS", "-", "_", "0", "%2E", "A", "a", &signs, &long];
    for saga in [&signs, &long] {
        let mut worker = kit.worker_with(saga, 64, super::kit::LONG).await;
        for id in names {
            let odd = InstanceId::new(saga.as_str(), id).expect("a valid id");
            let first = kit.put(&odd, None, id).await;
            worker.expect(&odd, first).await.handle.ack().await;
            let second = kit.put(&odd, Some(first), id).await;
            worker.expect(&odd, second).await.handle.ack().await;
            assert_eq!(kit.latest(&odd).await.expect("the record is there").payload, id.to_owned());
        }
    }
}

/// A record with more bytes than [`max_record`](crate::Transport::max_record) is refused as what it is, and does no
/// harm.
pub async fn a_record_that_is_too_large_is_refused(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let limit = kit.transport.max_record();
    let append = Append { payload: vec![b'x'; limit + 1].into(), ..record(&order, None, "") };
    match kit.append(append).await {
        Err(AppendError::TooLarge { size, limit: told }) => assert_eq!((size, told), (limit + 1, limit)),
        other => panic!("expected `too large`, got {other:?}"),
    }
    assert_eq!(kit.latest(&order).await, None);
    kit.start(&order).await;
}

/// A record with exactly [`max_record`](crate::Transport::max_record) bytes is taken and delivered.
pub async fn the_largest_record_is_taken(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let limit = kit.transport.max_record();
    let append = Append { payload: vec![b'x'; limit].into(), ..record(&order, None, "") };
    kit.append(append).await.expect("the largest record is taken");
    assert_eq!(kit.patient_worker().await.next().await.payload.len(), limit);
}
