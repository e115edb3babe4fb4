//! Watching: records come by themselves, and after a lost connection, too.

use std::time::Duration;

use futures::StreamExt;
use sagaflow::transport::{Append, DeliveryOptions};
use sagaflow_tests::NatsServer;

use crate::support::{append, append_keeping, append_surely, id, join, next, open, soon, text};

#[tokio::test]
async fn a_watch_yields_the_present_record_and_the_terminal_one_without_polling() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let other = open(&server).await;
    let first = append(&transport, &id(1), None, "1").await.unwrap();
    let instance = id(1);
    let mut watch = soon(transport.watch(&instance)).await.unwrap();
    let seen = soon(watch.next()).await.unwrap().unwrap();
    assert_eq!((seen.revision, text(&seen.payload)), (first, "1"));

    // By another connection, while the watch waits already: `soon` is shorter than the watch's safety net.
    let (seen, done) = tokio::join!(
        soon(watch.next()),
        append_keeping(&other, &instance, Some(first), "done", Some(Duration::from_secs(60)))
    );
    let seen = seen.unwrap().unwrap();
    assert_eq!((seen.revision, text(&seen.payload)), (done.unwrap(), "done"));
}

#[tokio::test]
async fn a_watch_that_begins_before_its_instance_sees_it() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let instance = id(1);
    let mut watch = soon(transport.watch(&instance)).await.unwrap();
    append(&transport, &id(2), None, "not this").await.unwrap();
    append(&transport, &instance, None, "this").await.unwrap();
    assert_eq!(text(&soon(watch.next()).await.unwrap().unwrap().payload), "this");
}

#[tokio::test]
async fn a_watch_finds_what_happened_while_its_connection_was_lost() {
    let mut server = NatsServer::start().await;
    let transport = open(&server).await;
    let instance = id(1);
    let mut watch = soon(transport.watch(&instance)).await.unwrap();
    server.kill();
    let watching = tokio::spawn(async move { watch.next().await });
    server.restart().await;
    // A client that is connected before the watch is.
    let other = open(&server).await;
    append_surely(&other, &instance, "meanwhile").await;
    assert_eq!(text(&soon(watching).await.unwrap().unwrap().unwrap().payload), "meanwhile");
}

#[tokio::test]
async fn a_watch_is_told_by_whoever_gets_the_record_if_its_appender_died() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let instance = id(1);
    let first = append(&transport, &instance, None, "1").await.unwrap();
    let mut watch = soon(transport.watch(&instance)).await.unwrap();
    assert_eq!(soon(watch.next()).await.unwrap().unwrap().revision, first);

    // As an appender that died before it told anybody: all that there is of it is its message.
    let foreign = async_nats::connect(server.url()).await.unwrap();
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Nats-Expected-Last-Subject-Sequence", first.to_string().as_str());
    headers.insert("Sagaflow-Announced", "1");
    let subject = format!("sagaflow.0.{}.{}", instance.saga(), instance.id());
    let jetstream = async_nats::jetstream::new(foreign);
    let second = jetstream.publish_with_headers(subject, headers, "2".into()).await.unwrap().await.unwrap().sequence;

    // `soon` is shorter than the watch's safety net.
    let mut deliveries = join(&transport, DeliveryOptions::default()).await;
    let (delivery, seen) = tokio::join!(next(&mut deliveries), soon(watch.next()));
    assert_eq!(delivery.revision.0, second);
    let seen = seen.unwrap().unwrap();
    assert_eq!((seen.revision.0, text(&seen.payload)), (second, "2"));
}

#[tokio::test]
async fn a_quiet_record_is_told_to_nobody() {
    let server = NatsServer::start().await;
    let transport = open(&server).await;
    let instance = id(1);
    let listener = async_nats::connect(server.url()).await.unwrap();
    let mut told = listener.subscribe("sagaflow.watch.>").await.unwrap();
    listener.flush().await.unwrap();

    let quiet = Append { quiet: true, ..Append::new(&instance, None, "quiet".into()) };
    let first = soon(transport.append(quiet)).await.unwrap();
    let second = append(&transport, &instance, Some(first), "told").await.unwrap();
    let message = soon(told.next()).await.unwrap();
    assert_eq!(&message.payload[..], b"told");
    assert_eq!(message.headers.unwrap().get("Sagaflow-Revision").unwrap().as_str(), second.to_string());
}
