//! Short forms that the tests share.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::PullConsumer;
use bytes::Bytes;
use sagaflow::transport::{
    Append, AppendError, ConnectOptions, Deliveries, Delivery, DeliveryOptions, InstanceId, Revision, Stored,
    Transport, nats,
};
use sagaflow_tests::NatsServer;

/// Far more than anything here takes, and less than the safety nets (30 seconds) that must not be what makes a test pass.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, what).await.expect("it should have happened soon")
}

pub(crate) async fn open(server: &NatsServer) -> Arc<dyn Transport> {
    nats::open(&server.url(), &ConnectOptions::default()).await.expect("the server serves")
}

/// Options for those who wait only shortly.
pub(crate) fn impatient() -> ConnectOptions {
    let mut options = ConnectOptions::default();
    options.connect_timeout = Duration::from_millis(600);
    options
}

pub(crate) fn id(number: usize) -> InstanceId {
    InstanceId::new("checkout", format!("order-{number}")).expect("a name")
}

pub(crate) async fn append(
    transport: &Arc<dyn Transport>,
    instance: &InstanceId,
    after: Option<Revision>,
    payload: &str,
) -> Result<Revision, AppendError> {
    append_keeping(transport, instance, after, payload, None).await
}

pub(crate) async fn append_keeping(
    transport: &Arc<dyn Transport>,
    instance: &InstanceId,
    after: Option<Revision>,
    payload: &str,
    keep: Option<Duration>,
) -> Result<Revision, AppendError> {
    let payload = Bytes::copy_from_slice(payload.as_bytes());
    soon(transport.append(Append { keep, ..Append::new(instance, after, payload) })).await
}

/// Appends as a worker does: again and again while the outcome is unknown, and content if it was there already.
pub(crate) async fn append_surely(transport: &Arc<dyn Transport>, instance: &InstanceId, payload: &str) {
    loop {
        match append(transport, instance, None, payload).await {
            Ok(_) | Err(AppendError::Superseded { .. }) => return,
            Err(AppendError::Unknown(_) | AppendError::Undecided | AppendError::Busy(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

pub(crate) async fn latest(transport: &Arc<dyn Transport>, instance: &InstanceId) -> Option<Stored> {
    soon(transport.latest(instance)).await.expect("reading")
}

/// With an ack wait that no test waits for.
pub(crate) fn patient(prefetch: usize) -> DeliveryOptions {
    let mut options = DeliveryOptions::default();
    options.prefetch = prefetch;
    options.ack_wait = Duration::from_secs(120);
    options
}

pub(crate) async fn join(transport: &Arc<dyn Transport>, options: DeliveryOptions) -> Box<dyn Deliveries> {
    soon(transport.deliveries("checkout", options)).await.expect("joining")
}

pub(crate) async fn next(deliveries: &mut Box<dyn Deliveries>) -> Delivery {
    soon(deliveries.next()).await.expect("not closed").expect("a delivery")
}

pub(crate) fn text(payload: &Bytes) -> &str {
    std::str::from_utf8(payload).expect("text")
}

pub(crate) async fn administrator(server: &NatsServer) -> jetstream::Context {
    jetstream::new(async_nats::connect(server.url()).await.expect("the server serves"))
}

/// How many timers and wakes there are.
pub(crate) async fn timers(administrator: &jetstream::Context) -> u64 {
    let stream = administrator.get_stream("sagaflow-timers").await.expect("the stream of timers");
    let subjects = stream.info_with_subjects("sagaflow.timers.*.checkout.>").await.expect("its subjects");
    let all: Vec<_> = futures::StreamExt::collect(subjects).await;
    all.into_iter().map(|one| one.expect("a subject")).filter(|(subject, _)| !subject.contains(".sweep.")).count()
        as u64
}

/// Open deliveries of records.
pub(crate) async fn open_deliveries(administrator: &jetstream::Context) -> usize {
    let consumer: PullConsumer = administrator.get_consumer_from_stream("checkout", "sagaflow-0").await.expect("it is");
    consumer.cached_info().num_ack_pending
}
