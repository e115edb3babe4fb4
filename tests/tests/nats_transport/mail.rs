//! Mail over NATS: what its consumer has lost, the sweeper makes up for; and it removes what is over, but no answer.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use sagaflow::transport::{
    Append, ConnectOptions, DeliveryOptions, InstanceId, Notice, Post, Revision, Transport, nats,
};
use sagaflow_tests::NatsServer;

use crate::support::{append_keeping, id, join, next, patient, soon};

const ACK_WAIT: Duration = Duration::from_secs(1);

async fn open(server: &NatsServer) -> Arc<dyn Transport> {
    let mut options = ConnectOptions::default();
    options.sweep_every = Duration::from_secs(1);
    nats::open(&server.url(), &options).await.expect("the server serves")
}

fn impatient() -> DeliveryOptions {
    let mut options = patient(8);
    options.ack_wait = ACK_WAIT;
    options
}

fn post<'a>(instance: &'a InstanceId, key: &'a str) -> Post<'a> {
    Post { instance, name: "Approved", key, remember: false, answer_for: None, payload: "7".into() }
}

/// An instance that waits for mail and nothing else.
async fn waiting(transport: &Arc<dyn Transport>, instance: &InstanceId) -> Revision {
    let never = Some(SystemTime::from(Timestamp::MAX));
    let append = Append { not_before: never, ..Append::new(instance, None, "waits".into()) };
    transport.append(append).await.expect("it is stored")
}

/// Its notice was acknowledged, and nobody has taken the mail: the instance that waits is woken, once.
#[tokio::test]
async fn a_lost_notice_is_made_up_for_once() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut deliveries = join(&transport, impatient()).await;
    let revision = waiting(&transport, &id(1)).await;
    next(&mut deliveries).await.handle.ack().await;
    let number = transport.post(post(&id(1), "a")).await.expect("it is stored");
    let told = next(&mut deliveries).await;
    assert_eq!(told.notice, Some(Notice { name: "Approved".to_owned(), number }));
    told.handle.ack().await;
    let woken = next(&mut deliveries).await;
    assert_eq!((&woken.instance, woken.revision, &woken.notice), (&id(1), revision, &None));
    let mail = transport.mail(&id(1), "Approved", 0, 10).await.expect("it is read");
    assert_eq!(mail.iter().map(|mail| mail.number).collect::<Vec<_>>(), [number]);
    woken.handle.ack().await;
    // Four ack waits and two passes, and more.
    let none = tokio::time::timeout(ACK_WAIT * 9, deliveries.next()).await;
    assert!(none.is_err(), "{none:?}");
}

/// Mail of an instance that has come to its end, and has not taken it; and of one that there is none of.
#[tokio::test]
async fn mail_that_is_over_is_removed_and_answers_are_not() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let mut deliveries = join(&transport, impatient()).await;
    let revision = waiting(&transport, &id(1)).await;
    next(&mut deliveries).await.handle.ack().await;
    for instance in [id(1), id(2)] {
        for key in ["once", "keep"] {
            let post = Post { remember: key == "keep", ..post(&instance, key) };
            transport.post(post).await.expect("it is stored");
        }
        let answer =
            Post { name: "$answer-a", answer_for: Some(Duration::from_secs(600)), ..post(&instance, "answer") };
        transport.post(answer).await.expect("it is stored");
    }
    let keep = Some(Duration::from_secs(600));
    append_keeping(&transport, &id(1), Some(revision), "over", keep).await.expect("it is stored");
    let removed = async {
        for instance in [id(1), id(2)] {
            while !transport.mail(&instance, "Approved", 0, 10).await.expect("it is read").is_empty() {
                tokio::select! {
                    delivery = deliveries.next() => delivery.expect("not closed").expect("a notice").handle.ack().await,
                    () = tokio::time::sleep(Duration::from_millis(50)) => {}
                }
            }
        }
    };
    soon(removed).await;
    for instance in [id(1), id(2)] {
        let answers = transport.mail(&instance, "$answer-a", 0, 10).await.expect("it is read");
        assert_eq!(answers.len(), 1, "{instance}");
    }
}
