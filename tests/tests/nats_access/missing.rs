//! A permission that is missing is named, at once, by whatever needs it.

use std::sync::Arc;
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::transport::nats::{Provision, provision};
use sagaflow::transport::{Append, DeliveryOptions, InstanceId, Line, Log};
use sagaflow::{Error, ErrorKind};
use sagaflow_tests::NatsServer;

use crate::permissions::{as_user, connect, documented, observed, provisioned, url, worker};
use crate::sagas::{Shop, checkout};
use crate::support::{Logged, options, server, soon};

/// The documented permissions, with one of them taken from everybody, and the error of what needs it.
async fn without(permission: &str) -> NatsServer {
    let quoted = format!("\"{permission}\"");
    let config = observed();
    assert!(config.contains(&quoted), "{permission} is one");
    provisioned(&config.replace(&quoted, "\"nothing.of.use\""), 1).await
}

#[track_caller]
fn assert_names(error: &Error, subject: &str) {
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(error.to_string().contains(&format!("`{subject}`")), "{error}");
}

/// All of it before any request would have timed out.
async fn quickly<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(4), what).await.expect("it is said at once")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_to_connect_is_named() {
    for permission in ["$JS.API.INFO", "$JS.API.STREAM.INFO.sagaflow-0"] {
        let config =
            observed().replace(&format!("\"{permission}\", "), "").replace(&format!("\"{permission}\"\n"), "\n");
        let server = server(&config).await;
        let opening = sagaflow::connect_with(&url(&server, "client"), as_user("client", 1)).await;
        assert_names(&opening.unwrap_err(), permission);
    }
    let server = provisioned(&observed(), 1).await;
    let wrong_inbox = options(|_| {});
    let error = quickly(sagaflow::connect_with(&url(&server, "client"), wrong_inbox)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("may not subscribe to `_INBOX."), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_to_start_or_look_is_named() {
    let server = without("sagaflow.0.checkout.*").await;
    let client = Client::new(connect(&server, "client", 1).await);
    let error = quickly(client.start(checkout(5)).id("a").into_future()).await.unwrap_err();
    assert_names(&error, "sagaflow.0.checkout.a");

    let server = without("$JS.API.DIRECT.GET.sagaflow-0.sagaflow.0.checkout.*").await;
    let client = Client::new(connect(&server, "client", 1).await);
    client.start(checkout(5)).id("a").await.unwrap();
    let error = quickly(client.status("checkout", "a")).await.unwrap_err();
    assert_names(&error, "$JS.API.DIRECT.GET.sagaflow-0.sagaflow.0.checkout.a");

    let server = without("sagaflow.watch.checkout.*").await;
    let client = Client::new(connect(&server, "client", 1).await);
    let handle = client.start(checkout(5)).id("a").await.unwrap();
    let error = quickly(handle.outcome()).await.unwrap_err();
    assert_names(&error, "sagaflow.watch.checkout.a");

    let server = without("sagaflow.in.start.checkout.*").await;
    let client = Client::new(connect(&server, "shop", 1).await);
    let error = quickly(client.start(checkout(5)).id("a").into_future()).await.unwrap_err();
    assert_names(&error, "sagaflow.in.start.checkout.a");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_may_not_join_says_what_it_misses() {
    let server = without("$JS.API.CONSUMER.INFO.*.checkout").await;
    let transport = connect(&server, "worker", 1).await;
    let worker = Worker::builder(transport).provide(Shop::default()).serve::<checkout>().build().unwrap();
    let error = quickly(worker.run()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(error.to_string().contains("`$JS.API.CONSUMER.INFO.sagaflow-"), "{error}");
}

/// Requests for deliveries are answered by nothing at all. It is told when the server has been silent for a while, and tried on.
/// On one thread, so that all that happens is logged here.
#[tokio::test]
async fn a_worker_that_gets_no_deliveries_says_what_it_misses() {
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber =
        tracing_subscriber::fmt().with_env_filter("sagaflow=error").with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = without("$JS.API.CONSUMER.MSG.NEXT.*.checkout").await;
    let transport = connect(&server, "worker", 1).await;
    let worker = worker(&transport, &Arc::new(Shop::default()));
    let told = "no deliveries of `checkout` (shard 0) until this is mended: getting deliveries of `checkout`: this user may not \
                publish to `$JS.API.CONSUMER.MSG.NEXT.sagaflow-0.checkout`";
    soon(async {
        while !logged.text().contains(told) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    worker.shutdown().await.unwrap();
}

/// It carries its saga out all the same, and asks for what it may not once.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_may_not_read_through_all_records_does_not_sweep() {
    let server = without("$JS.API.DIRECT.GET.sagaflow-0").await;
    let (transport, shop) = (connect(&server, "worker", 1).await, Arc::new(Shop::default()));
    let worker = worker(&transport, &shop);
    let refused = || server.log().matches("Publish Violation").count();
    soon(async {
        while refused() < 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // Three more passes would be made in this time.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(refused(), 1, "{}", server.log());
    let client = Client::new(connect(&server, "client", 1).await);
    let handle = client.start(checkout(5)).id("a").await.unwrap();
    assert_eq!(soon(handle.outcome()).await.unwrap(), Ok(6));
    worker.shutdown().await.unwrap();
}

/// Nothing was provisioned, or not this saga.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_stream_or_consumer_is_named() {
    let server = server(&documented()).await;
    let error = quickly(sagaflow::connect_with(&url(&server, "worker"), as_user("worker", 1))).await.unwrap_err();
    assert_names(&error, "$JS.API.STREAM.CREATE.sagaflow-0");
    assert!(error.to_string().contains("there is no stream `sagaflow-0`"), "{error}");
    assert!(error.to_string().contains("`nats::provision`"), "{error}");

    let done = provision(&url(&server, "admin"), &as_user("admin", 1), &Provision::default()).await.unwrap();
    assert_eq!(done.made.len(), 7);
    let transport = connect(&server, "worker", 1).await;
    let error = quickly(transport.deliveries("checkout", DeliveryOptions::default())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    let text = error.to_string();
    assert!(text.contains("has no consumer `checkout`") && text.contains("`nats::provision` for this saga"), "{text}");
}

/// What may not be written is refused at once, also in the middle of a saga; it goes on when it may.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_is_not_permitted_is_refused_at_once() {
    let server = without("sagaflow.0.checkout.*").await;
    let transport = connect(&server, "client", 1).await;
    let instance = InstanceId::new("checkout", "a").unwrap();
    let append = Append::new(&instance, None, "{}".into());
    let error = quickly(transport.append(append)).await.unwrap_err();
    let expected = "refused: this user may not publish to `sagaflow.0.checkout.a`: add that to its permissions";
    assert_eq!(error.to_string(), expected);
}

/// The same for what it emits, and for its former records.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_not_permitted_is_refused_at_once() {
    let server = without("sagaflow.history.checkout.*.*").await;
    let instance = InstanceId::new("checkout", "a").unwrap();
    let line = |log| Line { log, instance: &instance, key: "1", keep: Duration::from_secs(60), payload: "{}".into() };
    let worker = connect(&server, "worker", 1).await;
    worker.write_line(line(Log::Events)).await.unwrap();
    let error = quickly(worker.write_line(line(Log::History))).await.unwrap_err();
    let expected = "refused: this user may not publish to `sagaflow.history.checkout.a.1`: add that to its permissions";
    assert_eq!(error.to_string(), expected);
    let client = Client::new(connect(&server, "client", 1).await);
    let error = quickly(client.history("checkout", "a").unwrap().next()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert_names(&error, "$JS.API.STREAM.INFO.sagaflow-history");
}
