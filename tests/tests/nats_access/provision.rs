//! Provisioning: made once, told what was there, changed only when that is asked for.

use std::time::Duration;

use sagaflow::transport::nats::{Provision, Provisioned, provision};
use sagaflow::{ConnectOptions, Error, ErrorKind};
use sagaflow_tests::NatsServer;

use crate::support::{administrator, open, options, server, soon};

async fn provisioned(
    server: &NatsServer,
    options: &ConnectOptions,
    change: impl FnOnce(&mut Provision),
) -> Result<Provisioned, Error> {
    let mut wanted = Provision::default();
    wanted.sagas = vec!["checkout".to_owned()];
    change(&mut wanted);
    soon(provision(&server.url(), options, &wanted)).await
}

async fn ingress_limits(server: &NatsServer) -> (i64, i64) {
    let stream = administrator(server).await.get_stream("sagaflow-ingress").await.unwrap();
    (stream.cached_info().config.max_messages, stream.cached_info().config.max_bytes)
}

#[tokio::test]
async fn it_says_what_it_has_made_and_what_was_there() {
    let (server, options) = (server("").await, options(|o| o.shards = 2));
    let first = provisioned(&server, &options, |_| {}).await.unwrap();
    let expected = [
        "stream `sagaflow-0`",
        "stream `sagaflow-1`",
        "stream `sagaflow-timers`",
        "stream `sagaflow-notes`",
        "stream `sagaflow-mail`",
        "stream `sagaflow-events`",
        "stream `sagaflow-history`",
        "stream `sagaflow-ingress`",
        "consumer `checkout` of the stream `sagaflow-0`",
        "consumer `checkout` of the stream `sagaflow-1`",
        "consumer `checkout` of the stream `sagaflow-timers`",
        "consumer `checkout` of the stream `sagaflow-mail`",
        "consumer `checkout` of the stream `sagaflow-ingress`",
    ];
    assert_eq!(first.made, expected);
    assert_eq!(first.to_string().lines().next(), Some("made     stream `sagaflow-0`"));
    let second = provisioned(&server, &options, |_| {}).await.unwrap();
    assert_eq!((second.found, second.made.len(), second.changed.len()), (first.made, 0, 0));
    let more = provisioned(&server, &options, |wanted| wanted.sagas.push("refund".to_owned())).await.unwrap();
    assert_eq!((more.made.len(), more.found.len()), (5, 13));
}

#[tokio::test]
async fn other_settings_are_refused_by_name_and_changed_when_asked_for() {
    let (server, default) = (server("").await, ConnectOptions::default());
    provisioned(&server, &default, |wanted| wanted.ingress_entries = Some(500)).await.unwrap();
    // Who says nothing about it leaves it as it is, and so does a worker.
    provisioned(&server, &default, |wanted| wanted.update = true).await.unwrap();
    let transport = open(&server.url(), &default).await;
    drop(soon(transport.deliveries("checkout", sagaflow::transport::DeliveryOptions::default())).await.unwrap());
    assert_eq!(ingress_limits(&server).await, (500, 64 << 20));

    let smaller = |wanted: &mut Provision| {
        wanted.ingress_entries = Some(100);
        wanted.ingress_bytes = Some(1_000_000);
        wanted.ack_wait = Some(Duration::from_secs(7));
    };
    let error = provisioned(&server, &default, smaller).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
    assert!(
        error.to_string().contains("max_msgs is 500, sagaflow needs 100") && error.to_string().contains("`update`"),
        "{error}"
    );
    assert_eq!(ingress_limits(&server).await, (500, 64 << 20));

    let done = provisioned(&server, &default, |wanted| {
        smaller(wanted);
        wanted.update = true;
    });
    let done = done.await.unwrap();
    assert_eq!(
        done.changed[..2],
        [
            "stream `sagaflow-ingress`: max_msgs from 500 to 100",
            "stream `sagaflow-ingress`: max_bytes from 67108864 to 1000000",
        ]
    );
    let consumers = done.changed.iter().filter(|line| line.contains("ack_wait is 30s and must be 7s"));
    assert_eq!(consumers.count(), 4, "{done}");
    assert_eq!(ingress_limits(&server).await, (100, 1_000_000));
    let error =
        provisioned(&server, &default, |wanted| wanted.ack_wait = Some(Duration::from_secs(8))).await.unwrap_err();
    assert!(error.to_string().contains("ack_wait is 7s and must be 8s"), "{error}");
}

#[tokio::test]
async fn what_can_never_change_is_refused_even_then() {
    let server = server("").await;
    provisioned(&server, &options(|o| o.shards = 2), |_| {}).await.unwrap();
    let error = provisioned(&server, &options(|o| o.shards = 3), |wanted| wanted.update = true).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
    assert!(error.to_string().contains("`sagaflow.shards` is 2, sagaflow needs 3; it can't be changed"), "{error}");
}

/// An operator has set a limit that would freeze running sagas: connecting refuses it, and it is lifted on demand.
#[tokio::test]
async fn limits_of_the_records_are_lifted() {
    let server = server("").await;
    provisioned(&server, &ConnectOptions::default(), |_| {}).await.unwrap();
    let administrator = administrator(&server).await;
    let mut config = administrator.get_stream("sagaflow-0").await.unwrap().cached_info().config.clone();
    config.max_messages = 1000;
    administrator.update_stream(config).await.unwrap();
    let error = soon(sagaflow::connect(&server.url())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
    assert!(error.to_string().contains("max_msgs is 1000") && error.to_string().contains("`update`"), "{error}");
    let done = provisioned(&server, &ConnectOptions::default(), |wanted| wanted.update = true).await.unwrap();
    assert_eq!(done.changed, ["stream `sagaflow-0`: max_msgs from 1000 to 0"]);
    open(&server.url(), &ConnectOptions::default()).await;
}

/// They drop deliveries, or falsify their delays.
#[tokio::test]
async fn a_consumer_that_is_not_ours_is_refused() {
    let server = server("").await;
    provisioned(&server, &ConnectOptions::default(), |_| {}).await.unwrap();
    let administrator = administrator(&server).await;
    let stream = administrator.get_stream("sagaflow-0").await.unwrap();
    let spoiled = async_nats::jetstream::consumer::pull::Config {
        durable_name: Some("checkout".to_owned()),
        filter_subject: "sagaflow.0.checkout.*".to_owned(),
        ack_policy: async_nats::jetstream::consumer::AckPolicy::Explicit,
        max_deliver: 3,
        max_waiting: 2048,
        ..Default::default()
    };
    stream.update_consumer(spoiled).await.unwrap();
    let transport = open(&server.url(), &ConnectOptions::default()).await;
    let join = transport.deliveries("checkout", sagaflow::transport::DeliveryOptions::default());
    let error = soon(join).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
    assert!(error.to_string().contains("max_deliver is 3 and must be -1"), "{error}");
    let done = provisioned(&server, &ConnectOptions::default(), |wanted| wanted.update = true).await.unwrap();
    assert_eq!(done.changed.len(), 1, "{done}");
    drop(soon(transport.deliveries("checkout", sagaflow::transport::DeliveryOptions::default())).await.unwrap());
}

#[tokio::test]
async fn a_saga_that_can_have_no_subject_is_refused() {
    let server = server("").await;
    let error = provisioned(&server, &ConnectOptions::default(), |wanted| wanted.sagas.push("a.b".to_owned())).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidId);
}
