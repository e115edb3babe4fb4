//! The sweeper: what consumers and timers have lost comes again, and what is worked on does not.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use futures::StreamExt;
use sagaflow::transport::{
    Append, ConnectOptions, Deliveries, Delivery, DeliveryOptions, Note, Revision, Transport, nats,
};
use sagaflow_tests::{NatsServer, Settings};

use crate::support::{administrator, append, id, join, next, patient, soon, timers};

const ACK_WAIT: Duration = Duration::from_secs(1);

fn impatient() -> DeliveryOptions {
    let mut options = patient(8);
    options.ack_wait = ACK_WAIT;
    options
}

async fn open(server: &NatsServer) -> Arc<dyn Transport> {
    let mut options = ConnectOptions::default();
    options.sweep_every = Duration::from_secs(1);
    nats::open(&server.url(), &options).await.unwrap()
}

async fn sleeping(transport: &Arc<dyn Transport>, number: usize, until: SystemTime) -> Revision {
    let (instance, payload) = (id(number), "sleeping".into());
    let append = Append { not_before: Some(until), ..Append::new(&instance, None, payload) };
    transport.append(append).await.unwrap()
}

/// Far more than the sweeper needs: four ack waits and two passes.
async fn assert_nothing(deliveries: &mut Box<dyn Deliveries>) {
    let none = tokio::time::timeout(ACK_WAIT * 9, deliveries.next()).await;
    assert!(none.is_err(), "{none:?}");
}

/// Keeps a delivery as a worker does.
async fn beating(delivery: &Delivery) {
    loop {
        delivery.handle.in_progress().await;
        tokio::time::sleep(ACK_WAIT / 3).await;
    }
}

#[tokio::test]
async fn an_acknowledgement_that_should_not_have_been_is_mended() {
    let server = NatsServer::start().await;
    let (transport, administrator) = (open(&server).await, administrator(&server).await);
    let mut deliveries = join(&transport, impatient()).await;
    let revision = append(&transport, &id(1), None, "1").await.unwrap();
    next(&mut deliveries).await.handle.ack().await;
    let woken = next(&mut deliveries).await;
    assert_eq!((&woken.instance, woken.revision), (&id(1), revision));
    append(&transport, &id(1), Some(revision), "2").await.unwrap();
    woken.handle.superseded().await;
    next(&mut deliveries).await;
    soon(async { while timers(&administrator).await != 0 {} }).await;
}

/// One is lost and others, older and younger, are in the hands of a worker: only the lost one comes again.
#[tokio::test]
async fn what_is_worked_on_is_let_be() {
    let server = NatsServer::start().await;
    let (transport, other) = (open(&server).await, open(&server).await);
    let mut deliveries = join(&transport, impatient()).await;
    let mut helping = join(&other, impatient()).await;
    let mut held = Vec::new();
    let mut lost = None;
    for number in 0..5 {
        append(&transport, &id(number), None, "1").await.unwrap();
        let delivery = tokio::select! {
            delivery = next(&mut deliveries) => delivery,
            delivery = next(&mut helping) => delivery,
        };
        if number == 2 {
            delivery.handle.ack().await;
            lost = Some(delivery.instance.clone());
        } else {
            held.push(delivery);
        }
    }
    let watching = async {
        let woken = tokio::select! {
            delivery = next(&mut deliveries) => delivery,
            delivery = next(&mut helping) => delivery,
        };
        assert_eq!(Some(&woken.instance), lost.as_ref());
        woken.handle.term("enough").await;
        append(&transport, &woken.instance, Some(woken.revision), "2").await.unwrap();
        let next = tokio::select! {
            delivery = next(&mut deliveries) => delivery,
            delivery = next(&mut helping) => delivery,
        };
        assert_eq!(Some(&next.instance), lost.as_ref());
        // This delivery is not kept alive: it comes again, from the consumer. The others do not.
        for _ in 0..8 {
            let again = tokio::select! {
                delivery = self::next(&mut deliveries) => delivery,
                delivery = self::next(&mut helping) => delivery,
            };
            assert_eq!(Some(&again.instance), lost.as_ref());
        }
    };
    tokio::select! {
        _ = futures::future::join_all(held.iter().map(beating)) => {}
        () = watching => {}
    }
}

/// The worker that had it was only slow: it appends while the sweeper still listens for a word of it.
#[tokio::test]
async fn what_moves_on_while_the_sweeper_listens_is_let_be() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let mut deliveries = join(&transport, impatient()).await;
    let revision = append(&transport, &id(1), None, "1").await.unwrap();
    // Nobody says anything of its deliveries, until the sweeper listens: until then, nobody is there to answer this.
    let nobody = async |client: &async_nats::Client| {
        let asked = client.request("$JS.ACK.any.any.sagaflow-0.checkout.any", "".into());
        let answer = tokio::time::timeout(ACK_WAIT / 5, asked).await;
        matches!(answer, Ok(Err(error)) if error.kind() == async_nats::RequestErrorKind::NoResponders)
    };
    soon(async {
        tokio::select! {
            () = async { while nobody(&client).await { tokio::task::yield_now().await } } => {}
            () = async { loop { drop(next(&mut deliveries).await) } } => {}
        }
    })
    .await;
    let mut said = client.subscribe("sagaflow.timers.>").await.unwrap();
    client.flush().await.unwrap();
    append(&transport, &id(1), Some(revision), "2").await.unwrap();
    // The next pass begins with a note: whatever this one had to say, it has said before.
    let message = soon(said.next()).await.unwrap();
    assert!(message.subject.starts_with("sagaflow.timers.sweep."), "{}", message.subject);
}

/// Then nobody knows who works on what, and what is in doubt is let be.
#[tokio::test]
async fn a_worker_that_may_not_listen_wakes_nothing_that_is_in_doubt() {
    let config = r#"authorization { users = [
        { user: worker, password: w, permissions: { subscribe: { deny: ["$JS.ACK.>"] } } }
    ] }"#;
    let server = NatsServer::start_with(Settings { config: config.to_owned(), ..Settings::default() }).await;
    let mut options = ConnectOptions::default();
    options.sweep_every = Duration::from_secs(1);
    let transport = nats::open(&format!("nats://worker:w@{}", server.address()), &options).await.unwrap();
    let mut deliveries = join(&transport, impatient()).await;
    append(&transport, &id(1), None, "1").await.unwrap();
    let held = next(&mut deliveries).await;
    tokio::select! {
        () = beating(&held) => {}
        () = assert_nothing(&mut deliveries) => {}
    }
}

/// A step that runs for long after a wait: its record's own delivery is long over, its wake is what is open.
#[tokio::test]
async fn what_is_worked_on_after_a_wake_is_let_be() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut deliveries = join(&transport, impatient()).await;
    let wait = Duration::from_millis(5100);
    sleeping(&transport, 1, SystemTime::now() + wait).await;
    next(&mut deliveries).await.handle.park(wait).await;
    let woken = next(&mut deliveries).await;
    tokio::select! {
        () = beating(&woken) => {}
        () = assert_nothing(&mut deliveries) => {}
    }
}

#[tokio::test]
async fn a_timer_that_is_gone_is_made_up_for() {
    let server = NatsServer::start().await;
    let (transport, administrator) = (open(&server).await, administrator(&server).await);
    let mut deliveries = join(&transport, impatient()).await;
    let due = SystemTime::now() + Duration::from_millis(5500);
    let revision = sleeping(&transport, 1, due).await;
    next(&mut deliveries).await.handle.park(Duration::from_millis(5500)).await;
    let stream = administrator.get_stream("sagaflow-timers").await.unwrap();
    stream.purge().filter("sagaflow.timers.at.>").await.unwrap();
    assert_eq!(timers(&administrator).await, 0);
    let woken = next(&mut deliveries).await;
    assert_eq!((&woken.instance, woken.revision), (&id(1), revision));
    assert!(SystemTime::now() > due, "not before its time");
}

/// Void ones, that nobody has purged; those of the last record stay.
#[tokio::test]
async fn void_notes_are_removed() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut records = Vec::new();
    for number in 1..=3 {
        let first = append(&transport, &id(number), None, "1").await.unwrap();
        for number_of_note in 0..3 {
            let instance = id(number);
            let note = Note { instance: &instance, of: first, number: number_of_note, payload: "note".into() };
            transport.note(note).await.unwrap();
        }
        records.push(first);
    }
    // It does not say that there are any.
    append(&transport, &id(2), Some(records[1]), "2").await.unwrap();
    let _deliveries = join(&transport, impatient()).await;
    soon(async { while !transport.notes(&id(2), records[1]).await.unwrap().is_empty() {} }).await;
    for of in [0, 2] {
        assert_eq!(transport.notes(&id(of + 1), records[of]).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn a_consumer_that_has_forgotten_all_is_made_up_for() {
    let server = NatsServer::start().await;
    let (transport, administrator) = (open(&server).await, administrator(&server).await);
    let deliveries = join(&transport, impatient()).await;
    drop(deliveries);
    for number in 0..20 {
        append(&transport, &id(number), None, "1").await.unwrap();
    }
    administrator.delete_consumer_from_stream("checkout", "sagaflow-0").await.unwrap();
    // As the worst of faults would leave it: it believes that all there is has been dealt with.
    let skipping = pull::Config {
        durable_name: Some("checkout".to_owned()),
        deliver_policy: DeliverPolicy::New,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        filter_subject: "sagaflow.0.checkout.*".to_owned(),
        ..pull::Config::default()
    };
    administrator.create_consumer_on_stream(skipping, "sagaflow-0").await.unwrap();
    let mut deliveries = join(&transport, impatient()).await;
    let mut missing: Vec<_> = (0..20).map(id).collect();
    while !missing.is_empty() {
        let woken = next(&mut deliveries).await;
        missing.retain(|instance| *instance != woken.instance);
        append(&transport, &woken.instance, Some(woken.revision), "2").await.ok();
        woken.handle.superseded().await;
    }
}

/// They are woken and stay where they are, since all that the worker can take it has: what is behind them is found, too.
#[tokio::test]
async fn many_suspects_that_stay_hide_none_behind_them() {
    const SUSPECTS: usize = 12_000;
    let server = NatsServer::start().await;
    let (transport, client) = (open(&server).await, async_nats::connect(server.url()).await.unwrap());
    let mut woken = client.subscribe("sagaflow.timers.wake.>").await.unwrap();
    client.flush().await.unwrap();
    let mut options = impatient();
    options.prefetch = 256;
    let mut deliveries = join(&transport, options).await;
    let appending = async {
        for hundred in 0..SUSPECTS / 100 {
            let instances: Vec<_> = (0..100).map(|number| id(hundred * 100 + number)).collect();
            let appends = instances.iter().map(|instance| transport.append(Append::new(instance, None, "1".into())));
            futures::future::try_join_all(appends).await.unwrap();
        }
    };
    let acknowledging = async {
        for _ in 0..SUSPECTS {
            next(&mut deliveries).await.handle.ack().await;
        }
    };
    tokio::join!(appending, acknowledging);
    // Of those that there are already, the sweeper's publishes are seen here again, and refused.
    let mut subjects = std::collections::HashSet::new();
    let all = async {
        while subjects.len() < SUSPECTS {
            subjects.insert(woken.next().await.unwrap().subject.to_string());
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all).await.unwrap_or_else(|_| panic!("woken: {}", subjects.len()));
}

#[tokio::test]
async fn what_wants_nothing_is_let_be() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut deliveries = join(&transport, impatient()).await;
    // A terminal one, one that waits for an operator, and one that sleeps for an hour.
    let (instance, payload) = (id(1), "done".into());
    let keep = Some(Duration::from_secs(3600));
    transport.append(Append { keep, ..Append::new(&instance, None, payload) }).await.unwrap();
    sleeping(&transport, 2, jiff::Timestamp::MAX.into()).await;
    sleeping(&transport, 3, SystemTime::now() + Duration::from_secs(3600)).await;
    for _ in 0..3 {
        let delivery = next(&mut deliveries).await;
        if delivery.instance == id(3) {
            delivery.handle.park(Duration::from_secs(3600)).await;
        } else {
            delivery.handle.ack().await;
        }
    }
    assert_nothing(&mut deliveries).await;
}
