//! Watching: records come by themselves, and after a lost connection, too.

use std::time::Duration;

use sagaflow_tests::NatsServer;

use crate::support::{append, append_keeping, append_surely, id, open, soon, text};

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
