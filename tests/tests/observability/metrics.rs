//! What a worker measures.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use sagaflow::prelude::*;
use sagaflow::transport::{Append, DeliveryOptions};
use sagaflow::{ConnectOptions, connect_with};
use sagaflow_tests::NatsServer;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
struct Script {
    /// The worker dies in the step `stroll`.
    hangs: AtomicBool,
    strolls: watch::Sender<usize>,
    meddled: AtomicBool,
}

#[step]
async fn stroll(#[inject] script: &Script) -> Result<(), Failure> {
    script.strolls.send_modify(|strolls| *strolls += 1);
    if script.hangs.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
    Ok(())
}

#[step]
#[retry(fixed, delay = "1s", jitter = none, max_attempts = 3)]
#[compensate(settle())]
async fn buy(#[inject] cx: &StepContext) -> Result<(), Failure> {
    if cx.attempt() == 1 { Err(Failure::new("busy")) } else { Ok(()) }
}

#[step]
async fn settle() {}

/// The instance is moved on while it runs, as another worker does.
#[step]
async fn dream(
    #[inject] script: &Script,
    #[inject] transport: &Arc<dyn Transport>,
    #[inject] cx: &StepContext,
) -> Result<bool, Failure> {
    if !script.meddled.swap(true, Ordering::Relaxed) {
        assert!(cx.is_current().await?);
        let instance = cx.instance().expect("it has one");
        let last = transport.latest(instance).await?.expect("it has a record");
        let append = Append::new(instance, Some(last.revision), last.payload);
        transport.append(append).await?;
        assert!(!cx.is_current().await?);
    }
    Ok(cx.is_current().await?)
}

#[step]
async fn stumble() {
    panic!("as planned");
}

#[saga]
async fn outing() -> Result<(), Failure> {
    stroll().await?;
    buy().await?;
    if !dream().await? {
        return Err(Failure::new("not me"));
    }
    stumble().await;
    Ok(())
}

#[tokio::test]
async fn what_happens_is_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().expect("the only one in this process");
    let server = NatsServer::start().await;
    let mut options = ConnectOptions::default();
    options.sweep_every = Duration::from_secs(1);
    let transport = connect_with(&server.url(), options).await.unwrap();
    let client = Client::new(transport.clone());
    let script = Arc::new(Script::default());
    let worker = || {
        let builder = Worker::builder(transport.clone()).serve::<outing>().provide_shared(script.clone());
        builder.provide(transport.clone()).ack_wait(Duration::from_secs(1)).build().unwrap().spawn()
    };

    // Its first delivery is acknowledged though nobody works on it: only the sweeper finds it.
    let handle = client.start(outing()).id("a").await.unwrap();
    let mut options = DeliveryOptions::default();
    options.ack_wait = Duration::from_secs(1);
    let mut deliveries = transport.deliveries("outing", options).await.unwrap();
    timeout(PATIENCE, deliveries.next()).await.unwrap().unwrap().unwrap().handle.ack().await;
    drop(deliveries);

    script.hangs.store(true, Ordering::Relaxed);
    let first = worker();
    timeout(PATIENCE, script.strolls.subscribe().wait_for(|strolls| *strolls == 1)).await.unwrap().unwrap();
    script.hangs.store(false, Ordering::Relaxed);
    drop(first);
    let second = worker();
    let outcome = timeout(PATIENCE, handle.outcome()).await.unwrap().unwrap();
    assert!(matches!(outcome, Err(SagaError::Fault(_))), "{outcome:?}");
    second.shutdown().await.unwrap();

    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    let mut gauges = HashMap::new();
    let mut samples: HashMap<String, Vec<f64>> = HashMap::new();
    for (key, (unit, description, value)) in snapshotter.snapshot().into_hashmap() {
        if key.key().labels().all(|label| label.value() != "outing") {
            continue;
        }
        let labels = key.key().labels().filter(|label| label.key() != "saga").map(|label| label.value().to_owned());
        let name = [key.key().name().to_owned()].into_iter().chain(labels).collect::<Vec<_>>().join(" ");
        assert!(unit.is_some() && description.is_some(), "{name} is described");
        match value {
            DebugValue::Counter(0) => {}
            DebugValue::Counter(count) => drop(counted.insert(name, count)),
            DebugValue::Gauge(value) => drop(gauges.insert(name, value.into_inner())),
            DebugValue::Histogram(values) => {
                samples.insert(name, values.into_iter().map(|value| value.into_inner()).collect());
            }
        }
    }
    // A lost worker costs one transition. The deliveries of the crash and of the wait come a second time.
    let redelivered = counted.remove("sagaflow_redeliveries_total").unwrap();
    assert!((2..=3).contains(&redelivered), "{redelivered}");
    let expected = [
        ("sagaflow_attempts_total buy", 2),
        ("sagaflow_attempts_total dream", 2),
        ("sagaflow_attempts_total settle", 1),
        ("sagaflow_attempts_total stroll", 2),
        ("sagaflow_attempts_total stumble", 1),
        ("sagaflow_ended_total compensated", 1),
        ("sagaflow_failures_total buy error", 1),
        ("sagaflow_failures_total stumble panicked", 1),
        ("sagaflow_parked_total", 1),
        ("sagaflow_refused_appends_total superseded", 1),
        ("sagaflow_swept_total", 1),
        ("sagaflow_transitions_total", 7),
    ];
    assert_eq!(counted, expected.map(|(name, count)| (name.to_owned(), count)).into());
    assert_eq!(gauges["sagaflow_in_flight"], 0.0);
    assert_eq!(samples["sagaflow_attempt_seconds stumble"].len(), 1);
    let lag = &samples["sagaflow_lag_seconds buy"];
    assert_eq!(lag.len(), 2);
    // From when it was due: the delay of the second attempt is not in it.
    assert!(lag.iter().all(|seconds| (0.0..60.0).contains(seconds)), "{lag:?}");
    assert!(samples["sagaflow_lag_seconds stroll"][0] > 3.0, "it was found after four ack waits: {samples:?}");
}
