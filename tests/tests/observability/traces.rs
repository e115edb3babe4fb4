//! One trace shows the whole transaction, over processes that share nothing but the records.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use opentelemetry::trace::{Status, TracerProvider};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::{InMemorySpanExporter, InMemorySpanExporterBuilder, SdkTracerProvider, SpanData};
use sagaflow::prelude::*;
use sagaflow_tests::NatsServer;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tracing::Instrument;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::{set_default, with_default};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// One process's part of the telemetry.
struct Telemetry {
    spans: InMemorySpanExporter,
    _provider: SdkTracerProvider,
}

impl Telemetry {
    /// With the subscriber that brings its spans.
    fn new() -> (Self, impl tracing::Subscriber + Send + Sync) {
        let spans = InMemorySpanExporterBuilder::new().build();
        let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let ours = Targets::new().with_targets([("sagaflow", LevelFilter::INFO), ("observability", LevelFilter::INFO)]);
        (Self { spans, _provider: provider }, tracing_subscriber::registry().with(ours).with(layer))
    }

    fn spans(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().unwrap()
    }

    fn named(&self, name: &str) -> Vec<SpanData> {
        self.spans().into_iter().filter(|span| span.name == name).collect()
    }
}

/// What a worker's steps do, and have done.
#[derive(Debug, Clone)]
struct Journal {
    hangs: bool,
    lines: Arc<watch::Sender<Vec<String>>>,
}

impl Journal {
    fn new(hangs: bool) -> Self {
        Self { hangs, lines: Arc::default() }
    }

    fn write(&self, line: impl Into<String>) {
        self.lines.send_modify(|lines| lines.push(line.into()));
    }
}

#[step]
async fn walk(#[inject] journal: &Journal) -> Result<(), Failure> {
    journal.write("walk");
    if journal.hangs {
        std::future::pending::<()>().await;
    }
    Ok(())
}

#[step]
#[retry(fixed, delay = "60ms", max_attempts = 3)]
#[compensate(refund())]
async fn pay(#[inject] cx: &StepContext) -> Result<(), Failure> {
    if cx.attempt() == 1 { Err(Failure::new("busy")) } else { Ok(()) }
}

#[step]
async fn refund(#[inject] journal: &Journal, #[inject] cx: &StepContext) {
    journal.write(format!("refund in {}", cx.traceparent().unwrap_or("nothing")));
}

#[saga]
async fn journey() -> Result<(), Failure> {
    walk().await?;
    pay().await?;
    Err(Failure::new("changed my mind"))
}

/// A worker on a thread, with a runtime, a connection and telemetry of its own.
fn worker(url: String, journal: Journal) -> (Telemetry, oneshot::Sender<bool>, JoinHandle<()>) {
    let (telemetry, subscriber) = Telemetry::new();
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        with_default(subscriber, || {
            runtime.block_on(async {
                let transport = sagaflow::connect(&url).await.unwrap();
                let builder = Worker::builder(transport).serve::<journey>().provide(journal);
                let worker = builder.ack_wait(Duration::from_secs(1)).build().unwrap().spawn();
                if stopped.await.unwrap() {
                    worker.shutdown().await.unwrap();
                } else {
                    drop(worker);
                }
            });
            drop(runtime);
        });
    });
    (telemetry, stop, thread)
}

fn attribute(span: &SpanData, name: &str) -> Value {
    let found = span.attributes.iter().find(|KeyValue { key, .. }| key.as_str() == name);
    found.unwrap_or_else(|| panic!("no {name} in {span:?}")).value.clone()
}

#[tokio::test]
async fn one_trace_spans_clients_and_workers() {
    let server = NatsServer::start().await;
    let (client_side, subscriber) = Telemetry::new();
    let _guard = set_default(subscriber);
    let client = Client::new(sagaflow::connect(&server.url()).await.unwrap());

    // The first worker dies in the first step, and the second does the rest.
    let (dying, surviving) = (Journal::new(true), Journal::new(false));
    let (first, stop_first, first_thread) = worker(server.url(), dying.clone());
    let start = async { client.start(journey()).id("a").await.unwrap() };
    let handle = start.instrument(tracing::info_span!("request")).await;
    timeout(PATIENCE, dying.lines.subscribe().wait_for(|lines| lines.len() == 1)).await.unwrap().unwrap();
    stop_first.send(false).unwrap();
    first_thread.join().unwrap();
    let (second, stop_second, second_thread) = worker(server.url(), surviving.clone());
    let outcome = timeout(PATIENCE, handle.outcome()).await.unwrap().unwrap();
    assert_eq!(outcome.unwrap_err().to_string(), "changed my mind (from journey/a)");
    stop_second.send(true).unwrap();
    second_thread.join().unwrap();

    let [request] = &client_side.named("request")[..] else { panic!("one request: {:?}", client_side.spans()) };
    let [start] = &client_side.named("start journey")[..] else { panic!("one start: {:?}", client_side.spans()) };
    assert_eq!(start.parent_span_id, request.span_context.span_id());
    let trace = request.span_context.trace_id();
    for span in first.spans().iter().chain(&second.spans()) {
        assert_eq!(span.span_context.trace_id(), trace, "{span:?}");
    }

    // Each delivery hangs below the client's start, the step below it, the attempt below that.
    let attempts = |telemetry: &Telemetry, step: &str| {
        let attempts = telemetry.named(&format!("attempt {step}"));
        for attempt in &attempts {
            let parent = |span: &SpanData, name: &str| {
                let parents = telemetry.named(name);
                parents.into_iter().find(|parent| parent.span_context.span_id() == span.parent_span_id).unwrap()
            };
            let in_step = parent(attempt, &format!("step {step}"));
            let delivery = parent(&in_step, "saga journey");
            assert_eq!(delivery.parent_span_id, start.span_context.span_id());
            assert_eq!((attribute(&delivery, "saga"), attribute(&delivery, "id")), ("journey".into(), "a".into()));
            assert!(matches!(attribute(&delivery, "revision"), Value::I64(1..)));
            assert_eq!(attribute(&in_step, "step"), step.to_owned().into());
        }
        attempts.iter().map(|span| attribute(span, "attempt")).collect::<Vec<_>>()
    };
    assert_eq!(attempts(&first, "walk"), [Value::I64(1)], "lost with its worker");
    assert_eq!(attempts(&second, "walk"), [Value::I64(1)], "delivered again");
    assert_eq!(attempts(&second, "pay"), [Value::I64(1), Value::I64(2)], "tried again");
    assert_eq!(attempts(&second, "refund"), [Value::I64(1)], "undone");
    let failed: Vec<_> =
        second.spans().into_iter().filter(|span| matches!(span.status, Status::Error { .. })).collect();
    assert_eq!(failed.len(), 1, "the first attempt to pay: {failed:?}");
    assert_eq!((&*failed[0].name, attribute(&failed[0], "attempt")), ("attempt pay", Value::I64(1)));
}

#[tokio::test]
async fn a_trace_can_be_named_and_what_is_none_is_left_out() {
    let server = NatsServer::start().await;
    let client = Client::new(sagaflow::connect(&server.url()).await.unwrap());
    let journal = Journal::new(false);
    let (telemetry, stop, thread) = worker(server.url(), journal.clone());
    let named = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let traced = client.start(journey()).id("traced").traceparent(named).tracestate("vendor=1").await.unwrap();
    assert!(timeout(PATIENCE, traced.outcome()).await.unwrap().unwrap().is_err());
    assert_eq!(*journal.lines.borrow(), ["walk".to_owned(), format!("refund in {named}")]);

    let untraced = client.start(journey()).id("untraced").traceparent("nonsense").await.unwrap();
    assert!(timeout(PATIENCE, untraced.outcome()).await.unwrap().unwrap().is_err());
    assert_eq!(journal.lines.borrow()[3], "refund in nothing");
    stop.send(true).unwrap();
    thread.join().unwrap();
    let of = |id: &'static str| {
        let deliveries = telemetry.named("saga journey").into_iter();
        deliveries.filter(move |span| attribute(span, "id") == id.into())
    };
    // Three steps, one of them twice; and early deliveries, and the end, if it was still looked at.
    assert!(of("traced").count() >= 4, "{:?}", telemetry.spans());
    for span in of("traced") {
        assert_eq!(span.span_context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span.parent_span_id.to_string(), "00f067aa0ba902b7");
        assert_eq!(span.span_context.trace_state().get("vendor"), Some("1"));
    }
    assert!(of("untraced").all(|span| span.span_context.trace_id().to_string() != "4bf92f3577b34da6a3ce929d0e0e4736"));
}
