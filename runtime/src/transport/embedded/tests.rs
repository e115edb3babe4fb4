//! What the conformance suite can't see from outside: exact times (on a paused clock), and a store that fails.

use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::journal::{Backend, Journal, Write, spawn};
use super::*;

fn order(n: usize) -> InstanceId {
    InstanceId::new("checkout", format!("order-{n}")).unwrap()
}

fn append(instance: &InstanceId, after: Option<Revision>) -> Append<'_> {
    Append::new(instance, after, "record".into())
}

fn options(prefetch: usize, ack_wait: u64) -> DeliveryOptions {
    DeliveryOptions { prefetch, ack_wait: Duration::from_secs(ack_wait) }
}

#[tokio::test(start_paused = true)]
async fn the_ack_wait_is_kept_within_a_sixteenth() {
    let transport = memory();
    let mut deliveries = transport.deliveries("checkout", options(10, 32)).await.unwrap();
    let (a, b) = (order(1), order(2));
    transport.append(append(&a, None)).await.unwrap();
    deliveries.next().await.unwrap().unwrap();
    let begin = Instant::now();
    tokio::time::advance(Duration::from_secs(20)).await;
    transport.append(append(&b, None)).await.unwrap();
    deliveries.next().await.unwrap().unwrap();

    let again = deliveries.next().await.unwrap().unwrap();
    assert_eq!((&again.instance, again.delivered), (&a, 2));
    assert!((32..=34).contains(&begin.elapsed().as_secs()), "{:?}", begin.elapsed());
    let again = deliveries.next().await.unwrap().unwrap();
    assert_eq!((&again.instance, again.delivered), (&b, 2));
    assert!((52..=54).contains(&begin.elapsed().as_secs()), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_begins_the_ack_wait_anew() {
    let transport = memory();
    let mut deliveries = transport.deliveries("checkout", options(10, 32)).await.unwrap();
    transport.append(append(&order(1), None)).await.unwrap();
    let begin = Instant::now();
    let first = deliveries.next().await.unwrap().unwrap();
    for _ in 0..10 {
        assert!(tokio::time::timeout(Duration::from_secs(30), deliveries.next()).await.is_err());
        first.handle.in_progress().await;
    }
    assert_eq!(deliveries.next().await.unwrap().unwrap().delivered, 2);
    assert!((332..=334).contains(&begin.elapsed().as_secs()), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_settlement_after_the_ack_wait_is_void() {
    let transport = memory();
    let mut deliveries = transport.deliveries("checkout", options(10, 1)).await.unwrap();
    transport.append(append(&order(1), None)).await.unwrap();
    let first = deliveries.next().await.unwrap().unwrap();
    let second = deliveries.next().await.unwrap().unwrap();
    first.handle.ack().await;
    first.handle.nak(Duration::ZERO).await;
    assert_eq!((first.delivered, second.delivered), (1, 2));
    assert_eq!(deliveries.next().await.unwrap().unwrap().delivered, 3);
}

#[tokio::test(start_paused = true)]
async fn a_month_of_sleep_is_slept() {
    let transport = memory();
    let mut deliveries = transport.deliveries("checkout", options(10, 30)).await.unwrap();
    let month = Duration::from_secs(30 * 24 * 3600);
    let begin = Instant::now();
    for (n, due) in [(1, month), (2, month / 2), (3, month * 2)] {
        let instance = order(n);
        let not_before = Some(SystemTime::now() + due);
        transport.append(Append { not_before, ..append(&instance, None) }).await.unwrap();
    }
    for (n, due) in [(2, month / 2), (1, month), (3, month * 2)] {
        let delivery = deliveries.next().await.unwrap().unwrap();
        assert_eq!(delivery.instance, order(n));
        let late = (begin.elapsed() + Duration::from_secs(1)).checked_sub(due).expect("not early");
        assert!(late < Duration::from_secs(2), "{late:?}");
        delivery.handle.ack().await;
    }
}

#[tokio::test(start_paused = true)]
async fn times_past_all_clocks_are_taken() {
    let transport = memory();
    let (a, b) = (order(1), order(2));
    transport.append(Append { keep: Some(Duration::MAX), ..append(&a, None) }).await.unwrap();
    let not_before = SystemTime::now().checked_add(Duration::from_secs(1 << 40));
    transport.append(Append { not_before, ..append(&b, None) }).await.unwrap();
    assert!(transport.latest(&a).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn what_has_expired_takes_no_memory() {
    let transport = memory();
    for n in 0..100 {
        let instance = order(n);
        let first = transport.append(append(&instance, None)).await.unwrap();
        let keep = Some(Duration::from_secs(60));
        transport.append(Append { keep, ..append(&instance, Some(first)) }).await.unwrap();
        drop(transport.watch(&order(1000 + n)).await.unwrap());
    }
    assert_eq!(transport.core.instances(), 100);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(transport.core.instances(), 0);
}

#[tokio::test(start_paused = true)]
async fn another_runtime_drives_the_timers_when_the_first_has_ended() {
    let transport = memory();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let mut deliveries = transport.deliveries("checkout", options(10, 1)).await.unwrap();
                transport.append(append(&order(1), None)).await.unwrap();
                deliveries.next().await.unwrap().unwrap();
            });
        });
    });
    let mut deliveries = transport.deliveries("checkout", options(10, 1)).await.unwrap();
    assert_eq!(deliveries.next().await.unwrap().unwrap().delivered, 2);
}

/// A store that writes when it is told to, with the outcome that it is told.
struct Told(mpsc::Receiver<Result<(), String>>);

impl Backend for Told {
    fn write(&mut self, _batch: &[Write], _sync: bool) -> Result<(), String> {
        self.0.recv().expect("the test says what happens")
    }
}

fn told() -> (EmbeddedTransport, mpsc::Sender<Result<(), String>>) {
    let (tell, told) = mpsc::channel();
    let journal = Arc::new(Journal::default());
    let core = Arc::new(Core::new("embedded:told", Some(Arc::clone(&journal)), crate::clock::Clock::System));
    let writer = spawn(journal, Arc::clone(&core), Told(told)).unwrap();
    (EmbeddedTransport { core, name: "embedded:told".to_owned(), writer: Some(writer) }, tell)
}

#[tokio::test]
async fn nothing_is_seen_of_an_append_before_it_is_written() {
    let (transport, tell) = told();
    let instance = order(1);
    let mut deliveries = transport.deliveries("checkout", options(10, 30)).await.unwrap();
    let mut watch = transport.watch(&instance).await.unwrap();
    let mut first = transport.append(append(&instance, None));
    let mut second = transport.append(append(&instance, None));
    assert!(futures::poll!(&mut first).is_pending());
    assert!(futures::poll!(&mut second).is_pending());
    assert!(futures::poll!(deliveries.next()).is_pending());
    assert!(futures::poll!(watch.next()).is_pending());
    assert_eq!(transport.latest(&instance).await.unwrap(), None);

    tell.send(Ok(())).unwrap();
    let revision = first.await.unwrap();
    // The second one waited for the decision about the first.
    assert!(matches!(second.await, Err(AppendError::Superseded { last }) if last == Some(revision)));
    assert_eq!(deliveries.next().await.unwrap().unwrap().revision, revision);
    assert_eq!(watch.next().await.unwrap().unwrap().revision, revision);
    assert_eq!(transport.syncs(), 1);
}

#[tokio::test]
async fn nothing_is_seen_of_a_note_before_it_is_written() {
    let (transport, tell) = told();
    let instance = order(1);
    tell.send(Ok(())).unwrap();
    let revision = transport.append(append(&instance, None)).await.unwrap();
    let note = Note { instance: &instance, of: revision, number: 0, payload: "note".into() };
    let mut first = transport.note(note.clone());
    assert!(futures::poll!(&mut first).is_pending());
    assert!(matches!(transport.note(note.clone()).await, Err(AppendError::Undecided)));
    assert_eq!(transport.notes(&instance, revision).await.unwrap(), [""; 0]);
    tell.send(Ok(())).unwrap();
    first.await.unwrap();
    assert_eq!(transport.notes(&instance, revision).await.unwrap(), ["note"]);

    // An append that comes after one, before that is written, makes it void.
    let mut second = transport.note(Note { number: 1, ..note.clone() });
    assert!(futures::poll!(&mut second).is_pending());
    let mut next = transport.append(append(&instance, Some(revision)));
    assert!(futures::poll!(&mut next).is_pending());
    tell.send(Ok(())).unwrap();
    // They may be in one batch.
    tell.send(Ok(())).unwrap();
    second.await.unwrap();
    let next = next.await.unwrap();
    assert_eq!(transport.notes(&instance, revision).await.unwrap(), [""; 0]);
    let late = transport.note(Note { number: 2, ..note.clone() }).await;
    assert!(matches!(late, Err(AppendError::Superseded { last }) if last == Some(next)));

    drop(tell);
    let failed = transport.note(Note { of: next, ..note }).await;
    // One of the two may be left for it.
    if failed.is_err() {
        assert!(matches!(&failed, Err(AppendError::Refused(why)) if why.contains("panicked")), "{failed:?}");
        assert_eq!(transport.notes(&instance, next).await.unwrap(), [""; 0]);
    }
}

#[tokio::test]
async fn an_append_that_nobody_waits_for_is_decided_all_the_same() {
    let (transport, tell) = told();
    let instance = order(1);
    let mut abandoned = transport.append(append(&instance, None));
    assert!(futures::poll!(&mut abandoned).is_pending());
    drop(abandoned);
    tell.send(Ok(())).unwrap();
    assert!(matches!(transport.append(append(&instance, None)).await, Err(AppendError::Superseded { last: Some(_) })));
}

#[tokio::test]
async fn after_a_failed_write_nothing_is_half_there() {
    let (transport, tell) = told();
    let (a, b) = (order(1), order(2));
    tell.send(Ok(())).unwrap();
    let written = transport.append(append(&a, None)).await.unwrap();
    let mut failing = transport.append(append(&a, Some(written)));
    let mut waiting = transport.append(append(&a, Some(written)));
    assert!(futures::poll!(&mut failing).is_pending());
    assert!(futures::poll!(&mut waiting).is_pending());
    tell.send(Err("the disk is full".to_owned())).unwrap();

    for refused in [failing.await, waiting.await, transport.append(append(&b, None)).await] {
        assert!(matches!(&refused, Err(AppendError::Refused(why)) if why == "the disk is full"), "{refused:?}");
    }
    assert_eq!(transport.latest(&a).await.unwrap().unwrap().revision, written);
    assert_eq!(transport.latest(&b).await.unwrap(), None);
    assert_eq!(transport.core.instances(), 1);
    let error = transport.close().await.unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Storage);
}

#[tokio::test]
async fn a_store_that_panics_answers_its_appends() {
    let (transport, tell) = told();
    drop(tell);
    let refused = transport.append(append(&order(1), None)).await;
    assert!(matches!(&refused, Err(AppendError::Refused(why)) if why.contains("panicked")), "{refused:?}");
}

#[tokio::test]
async fn closing_writes_what_waits() {
    let (transport, tell) = told();
    let (a, b) = (order(1), order(2));
    let mut first = transport.append(append(&a, None));
    assert!(futures::poll!(&mut first).is_pending());
    let mut second = transport.append(append(&b, None));
    assert!(futures::poll!(&mut second).is_pending());
    let mut close = transport.close();
    assert!(futures::poll!(&mut close).is_pending());
    tell.send(Ok(())).unwrap();
    tell.send(Ok(())).unwrap();
    first.await.unwrap();
    second.await.unwrap();
    close.await.unwrap();
    assert!(matches!(transport.append(append(&a, None)).await, Err(AppendError::Refused(_))));
    assert!(transport.latest(&a).await.is_err());
}
