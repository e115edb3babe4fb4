//! Mail: stored in order before anybody is told, told until the notice is settled, and kept until it is discarded.

use std::time::{Duration, SystemTime};

use futures::future::join_all;
use jiff::Timestamp;

use super::Harness;
use super::kit::{Kit, LONG, Worker, instance, post, record};
use crate::transport::{Append, AppendError, Delivery, Discard, InstanceId, Notice, Post, Revision};

const NAMES: [&str; 2] = ["mail", "other"];

async fn put(kit: &Kit<'_>, instance: &InstanceId, key: &str) -> u64 {
    kit.post(post(instance, key, key)).await.expect("mail is stored")
}

async fn assert_dropped(kit: &Kit<'_>, post: Post<'_>) {
    match kit.post(post).await {
        Err(AppendError::Superseded { .. }) => {}
        other => panic!("expected `superseded`, got {other:?}"),
    }
}

fn texts(mail: &[(u64, String)]) -> Vec<&str> {
    mail.iter().map(|(_, text)| &**text).collect()
}

async fn expect_notice(worker: &mut Worker, instance: &InstanceId, revision: Revision, number: u64) -> Delivery {
    let delivery = worker.expect(instance, revision).await;
    assert_eq!(delivery.notice, Some(Notice { name: "mail".to_owned(), number }));
    delivery
}

/// An instance whose record has been delivered, and acknowledged.
async fn at_rest(kit: &Kit<'_>, worker: &mut Worker, id: &str) -> (InstanceId, Revision) {
    let order = instance(id);
    let revision = kit.start(&order).await;
    worker.expect(&order, revision).await.handle.ack().await;
    (order, revision)
}

/// Numbers grow; what comes after a number is read, so many at a time; to discard is to forget up to a number.
pub async fn mail_is_kept_in_order_until_it_is_discarded(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    kit.start(&order).await;
    let mut numbers = Vec::new();
    for key in ["a", "b", "c", "d"] {
        numbers.push(put(&kit, &order, key).await);
    }
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let all = kit.mail(&order, "mail", 0).await;
    assert_eq!(all.iter().map(|(number, _)| *number).collect::<Vec<_>>(), numbers);
    assert_eq!(texts(&all), ["a", "b", "c", "d"]);
    assert_eq!(texts(&kit.mail(&order, "mail", numbers[1]).await), ["c", "d"]);
    assert_eq!(texts(&kit.mail(&order, "mail", numbers[3]).await), [""; 0]);
    let some = kit.in_time("mail", kit.transport.mail(&order, "mail", numbers[0], 2)).await.expect("it is read");
    assert_eq!(some.iter().map(|mail| &mail.payload[..]).collect::<Vec<_>>(), [b"b", b"c"]);

    kit.in_time("discarding", kit.transport.discard(&order, Discard::Taken { name: "mail", up_to: numbers[2] })).await;
    kit.in_time("the end of what was discarded", async {
        while texts(&kit.mail(&order, "mail", 0).await) != ["d"] {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let next = put(&kit, &order, "a").await;
    assert!(next > numbers[3], "a key that is not remembered can be used again");
}

/// Each queue is one of its own, as is each instance's.
pub async fn the_queues_of_an_instance_are_apart(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, other) = (instance("order"), instance("other"));
    for to in [&order, &other] {
        for name in NAMES {
            let text = format!("{name} of {to}");
            kit.post(Post { name, ..post(to, "key", &text) }).await.expect("mail is stored");
        }
    }
    for to in [&order, &other] {
        for name in NAMES {
            assert_eq!(texts(&kit.mail(to, name, 0).await), [format!("{name} of {to}")]);
        }
    }
}

/// A sender that got no answer sends again.
pub async fn mail_with_the_same_key_is_dropped(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    kit.start(&order).await;
    put(&kit, &order, "key").await;
    assert_dropped(&kit, post(&order, "key", "again")).await;
    put(&kit, &order, "another").await;
    assert_eq!(texts(&kit.mail(&order, "mail", 0).await), ["key", "another"]);
}

/// A key that is remembered is, also when the mail has been taken.
pub async fn a_remembered_key_is_dropped_after_its_mail_is_taken(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    kit.start(&order).await;
    let remember = |key| Post { remember: true, ..post(&order, key, key) };
    let first = kit.post(remember("key")).await.expect("mail is stored");
    let second = put(&kit, &order, "once").await;
    kit.in_time("discarding", kit.transport.discard(&order, Discard::Taken { name: "mail", up_to: second })).await;
    kit.in_time("the end of what was discarded", async {
        while !kit.mail(&order, "mail", first).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_dropped(&kit, remember("key")).await;
}

/// 16 posts with the same key, at the same time: one is kept.
pub async fn of_concurrent_posts_with_a_key_one_is_kept(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let answers = join_all((0..16).map(|n| {
        let (kit, order) = (&kit, &order);
        async move {
            let text = format!("by {n}");
            let answer = kit.post(post(order, "key", &text)).await;
            (text, answer)
        }
    }));
    let mut kept = Vec::new();
    for (text, answer) in answers.await {
        match answer {
            Ok(_) => kept.push(text),
            Err(AppendError::Superseded { .. }) => {}
            Err(other) => panic!("expected `superseded`, got {other:?}"),
        }
    }
    assert_eq!(kept.len(), 1, "only one is kept");
    assert_eq!(texts(&kit.mail(&order, "mail", 0).await), kept);
}

/// Every sign that a name or a key may contain, up to the greatest length.
pub async fn odd_queues_and_keys_work(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let signs: String = (b'!'..=b'~').map(char::from).filter(|c| !".*>/\\".contains(*c)).collect();
    let long = "x".repeat(InstanceId::MAX_LEN);
    let mut worker = kit.patient_worker().await;
    let (order, revision) = at_rest(&kit, &mut worker, "order").await;
    for odd in ["$cancel", "-", "keep", "once", &signs, &long] {
        let number = kit.post(Post { name: odd, ..post(&order, odd, odd) }).await.expect("mail is stored");
        assert_eq!(texts(&kit.mail(&order, odd, 0).await), [odd]);
        let delivery = worker.expect(&order, revision).await;
        assert_eq!(delivery.notice, Some(Notice { name: odd.to_owned(), number }));
        delivery.handle.ack().await;
    }
}

/// What can't be a name or a key is refused as what it is.
pub async fn names_that_cannot_be_are_refused(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    for odd in ["", "a.b", "a b", "*", "a/b", "ä"] {
        for bad in [Post { name: odd, ..post(&order, "key", "") }, post(&order, odd, "")] {
            let answer = kit.post(bad).await;
            assert!(matches!(answer, Err(AppendError::Refused(_))), "`{odd}`: {answer:?}");
        }
    }
}

/// Mail may be as large as a record.
pub async fn mail_that_is_too_large_is_refused(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let limit = kit.transport.max_record();
    match kit.post(post(&order, "a", &"x".repeat(limit + 1))).await {
        Err(AppendError::TooLarge { size, limit: told }) => assert_eq!((size, told), (limit + 1, limit)),
        other => panic!("expected `too large`, got {other:?}"),
    }
    kit.post(post(&order, "b", &"x".repeat(limit))).await.expect("the largest mail is stored");
    assert_eq!(kit.mail(&order, "mail", 0).await[0].1.len(), limit);
}

/// An instance that rests is delivered when there is mail, to one worker, with the record as it is by then.
pub async fn mail_is_told_with_the_last_record(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.patient_worker().await;
    let (order, first) = at_rest(&kit, &mut worker, "order").await;
    let number = put(&kit, &order, "key").await;
    let delivery = expect_notice(&mut worker, &order, first, number).await;
    assert_eq!((&delivery.payload[..], delivery.delivered), (&b"started"[..], 1));
    // It stands for the record: what is appended after it is delivered, and the notice is settled.
    let second = kit.put(&order, Some(first), "second").await;
    delivery.handle.superseded().await;
    let next = worker.expect(&order, second).await;
    assert_eq!(next.notice, None);
    next.handle.ack().await;
    let number = put(&kit, &order, "another").await;
    expect_notice(&mut worker, &order, second, number).await.handle.ack().await;
    worker.assert_nothing(kit.quiet()).await;
}

/// A notice is delivered again when it is handed back, and when its worker is lost; not when it is acknowledged.
pub async fn a_notice_comes_again_until_it_is_settled(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.worker().await;
    let (order, first) = at_rest(&kit, &mut worker, "order").await;
    let number = put(&kit, &order, "key").await;
    let delivery = expect_notice(&mut worker, &order, first, number).await;
    delivery.handle.nak(Duration::from_millis(100)).await;
    // Lost.
    let lost = expect_notice(&mut worker, &order, first, number).await;
    assert_eq!(lost.delivered, 2);
    let delivery = expect_notice(&mut worker, &order, first, number).await;
    assert_eq!(delivery.delivered, 3);
    delivery.handle.ack().await;
    worker.assert_nothing(kit.quiet()).await;
}

/// Who works on the record goes on with it; the notice is a delivery of its own.
pub async fn a_notice_does_not_disturb_the_records_delivery(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.patient_worker().await;
    let order = instance("order");
    let first = kit.start(&order).await;
    let working = worker.expect(&order, first).await;
    let number = put(&kit, &order, "key").await;
    let notice = expect_notice(&mut worker, &order, first, number).await;
    notice.handle.nak(Duration::from_millis(200)).await;
    let second = kit.put(&order, Some(first), "second").await;
    working.handle.superseded().await;
    // In either order: the record that follows, and the notice again, with that record.
    let mut seen = Vec::new();
    for _ in 0..2 {
        let delivery = worker.expect(&order, second).await;
        seen.push(delivery.notice.clone().map(|notice| notice.number));
        delivery.handle.ack().await;
    }
    seen.sort_unstable();
    assert_eq!(seen, [None, Some(number)]);
}

/// Mail to an instance that has no record is nobody's.
pub async fn mail_without_an_instance_disturbs_nobody(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.patient_worker().await;
    let nobody = instance("nobody");
    put(&kit, &nobody, "early").await;
    worker.assert_nothing(Duration::from_millis(300)).await;
    // Until it is started; whoever takes it up finds the mail.
    let revision = kit.start(&nobody).await;
    worker.expect(&nobody, revision).await.handle.ack().await;
    assert_eq!(texts(&kit.mail(&nobody, "mail", 0).await), ["early"]);
}

/// It may be that the mail came before the record that waits for it.
pub async fn a_record_that_waits_for_mail_is_delivered_at_once(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.patient_worker().await;
    for (id, due) in [("a", Timestamp::MAX.into()), ("b", SystemTime::now() + LONG)] {
        let order = instance(id);
        let append = Append { deliver: true, not_before: Some(due), ..record(&order, None, "waits") };
        let revision = kit.append(append).await.expect("it is appended");
        worker.expect(&order, revision).await.handle.ack().await;
        let number = put(&kit, &order, "key").await;
        expect_notice(&mut worker, &order, revision, number).await.handle.ack().await;
    }
}

/// Its end is to be told, say.
pub async fn a_terminal_record_can_be_delivered(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let mut worker = kit.worker().await;
    let first = kit.start(&order).await;
    let started = worker.expect(&order, first).await;
    let append = Append { deliver: true, keep: Some(LONG), ..record(&order, Some(first), "finished") };
    let last = kit.append(append).await.expect("it is appended");
    started.handle.superseded().await;
    // Nobody has settled it: also after a restart.
    worker.expect(&order, last).await;
    drop(worker);
    let Some(kit) = kit.reopen().await else { return };
    kit.worker().await.expect(&order, last).await.handle.ack().await;
}

/// Mail is as durable as records, and told again if it has to be; numbers continue.
pub async fn mail_survives_a_restart(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.patient_worker().await;
    let (order, first) = at_rest(&kit, &mut worker, "order").await;
    // Not just dropped: the notice might be sent to it as it goes, and come again after the ack wait only.
    worker.leave().await;
    let number = put(&kit, &order, "key").await;
    let gone = kit.post(Post { name: "other", ..post(&order, "gone", "gone") }).await.expect("mail is stored");
    kit.in_time("discarding", kit.transport.discard(&order, Discard::Taken { name: "other", up_to: gone })).await;
    let Some(kit) = kit.reopen().await else { return };
    assert_eq!(kit.mail(&order, "mail", 0).await, [(number, "key".to_owned())]);
    assert_eq!(texts(&kit.mail(&order, "other", 0).await), [""; 0]);
    assert_dropped(&kit, post(&order, "key", "again")).await;
    let mut worker = kit.patient_worker().await;
    loop {
        let delivery = worker.expect(&order, first).await;
        delivery.handle.ack().await;
        match delivery.notice {
            Some(Notice { name, number: told }) if name == "mail" => break assert_eq!(told, number),
            _ => {}
        }
    }
    let next = kit.post(Post { name: "other", ..post(&order, "next", "next") }).await.expect("mail is stored");
    assert!(next > gone, "{next} is more than {gone}");
}

/// When an instance has come to its end, its mail goes, keys and all; but not what came later, which may be for one that has been started anew.
pub async fn what_is_discarded_with_its_instance_is_gone(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let order = instance("order");
    let first = kit.start(&order).await;
    let mut up_to = 0;
    for name in NAMES {
        let post = Post { name, remember: true, ..post(&order, "key", "key") };
        up_to = kit.post(post).await.expect("mail is stored");
    }
    let later = kit.post(post(&order, "later", "later")).await.expect("mail is stored");
    kit.finish(&order, first, LONG).await;
    kit.in_time("discarding", kit.transport.discard(&order, Discard::Ended { up_to })).await;
    for (name, left) in NAMES.into_iter().zip([vec![(later, "later".to_owned())], Vec::new()]) {
        kit.in_time("the end of what was discarded", async {
            while kit.mail(&order, name, 0).await != left {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }
}

/// An answer is there for whoever asks, whatever is discarded; no worker is told of it, and it is gone after its time.
pub async fn answers_are_kept_for_their_time(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let mut worker = kit.patient_worker().await;
    let (order, revision) = at_rest(&kit, &mut worker, "order").await;
    let answer = |name, key, time| Post { name, answer_for: Some(time), ..post(&order, key, key) };
    let long = kit.post(answer("mail", "long", LONG)).await.expect("an answer is stored");
    assert_dropped(&kit, answer("mail", "long", LONG)).await;
    kit.post(answer("other", "short", Duration::from_secs(1))).await.expect("an answer is stored");
    let last = put(&kit, &order, "last").await;
    // The first notice is that of what was no answer.
    expect_notice(&mut worker, &order, revision, last).await.handle.ack().await;
    kit.in_time("discarding", kit.transport.discard(&order, Discard::Taken { name: "mail", up_to: last })).await;
    kit.in_time("discarding", kit.transport.discard(&order, Discard::Ended { up_to: last })).await;
    for (name, left) in NAMES.into_iter().zip([vec![(long, "long".to_owned())], Vec::new()]) {
        kit.in_time("the end of what was discarded, and of an answer", async {
            while kit.mail(&order, name, 0).await != left {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }
}

/// All mail of an instance is listed, by queue, until it is discarded.
pub async fn a_mailbox_lists_all_queues(harness: &dyn Harness) {
    let kit = Kit::open(harness).await;
    let (order, other) = (instance("order"), instance("other"));
    kit.start(&order).await;
    let mailbox = async |instance: &InstanceId| {
        let mailbox = kit.in_time("the mailbox", kit.transport.mailbox(instance)).await;
        let mut mailbox = mailbox.expect("the mailbox is read");
        mailbox.sort_by_key(|(_, number)| *number);
        mailbox
    };
    assert!(mailbox(&order).await.is_empty());
    let first = put(&kit, &order, "a").await;
    let second = kit.post(Post { name: "other", ..post(&order, "a", "text") }).await.expect("mail is stored");
    put(&kit, &other, "a").await;
    let third = put(&kit, &order, "b").await;
    let all = [("mail", first), ("other", second), ("mail", third)].map(|(name, number)| (name.to_owned(), number));
    assert_eq!(mailbox(&order).await, all);
    kit.in_time("discarding", kit.transport.discard(&order, Discard::Ended { up_to: third })).await;
    kit.in_time("the end of what was discarded", async {
        while !mailbox(&order).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(mailbox(&other).await.len(), 1);
}
