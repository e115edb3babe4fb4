//! Steps that leave a trace, and the ways to run a saga.

use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::testing::Lab;
use sagaflow::{ConnectOptions, ErrorOf, InstanceStatus, Message, Saga, Shape, Status, ValueOf, connect_with};
use sagaflow_tests::NatsServer;
use tokio::sync::{OnceCell, watch};

/// Longer than any run takes.
const HANGS: Duration = Duration::from_secs(30);

/// What the steps did, in order: the idempotency key without the instance, and a text.
#[derive(Debug, Default)]
pub(crate) struct Trace(Mutex<Vec<(String, String)>>, Crowd);

/// How many steps run at the same time.
#[derive(Debug, Default)]
struct Crowd {
    now: watch::Sender<usize>,
    most: AtomicUsize,
}

impl Trace {
    pub(crate) fn add(&self, cx: &StepContext, text: impl Into<String>) {
        let key = cx.key().as_str().splitn(3, '/').nth(2).unwrap_or_default().to_owned();
        self.0.lock().unwrap().push((key, text.into()));
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(_, text)| text.clone()).collect()
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(key, _)| key.clone()).collect()
    }

    /// Waits until so many are here.
    pub(crate) async fn meet(&self, number: usize) {
        let mut now = self.1.now.subscribe();
        self.1.now.send_modify(|now| *now += 1);
        now.wait_for(|now| *now >= number).await.unwrap();
    }

    /// Stays for a while; how many were here when it came.
    pub(crate) async fn crowded(&self) -> usize {
        self.1.now.send_modify(|now| *now += 1);
        let crowd = *self.1.now.borrow();
        self.1.most.fetch_max(crowd, Ordering::Relaxed);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.1.now.send_modify(|now| *now -= 1);
        crowd
    }

    pub(crate) fn most(&self) -> usize {
        self.1.most.load(Ordering::Relaxed)
    }

    /// The texts, without what was done again with the same key.
    pub(crate) fn without_repeats(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let entries = self.0.lock().unwrap().clone();
        entries.into_iter().filter(|entry| seen.insert(entry.clone())).map(|(_, text)| text).collect()
    }
}

/// Takes a place, and gives it back if the saga fails.
#[step]
#[compensate(free(output))]
pub(crate) async fn reserve(
    #[inject] trace: &Trace,
    #[inject] cx: &StepContext,
    place: String,
) -> Result<String, Failure> {
    trace.add(cx, format!("reserve {place}"));
    if place.ends_with("full") { Err(Failure::new(format!("{place} is full"))) } else { Ok(place) }
}

#[step]
pub(crate) async fn free(#[inject] trace: &Trace, #[inject] cx: &StepContext, place: String) {
    trace.add(cx, format!("free {place}"));
}

/// Pays, and is undone by its arguments: whether it has ended or not.
#[step]
#[retry(fixed, delay = "5ms", max_attempts = 1000)]
#[compensate(pay_back(cents))]
pub(crate) async fn pay(#[inject] trace: &Trace, #[inject] cx: &StepContext, cents: u32) -> Result<u32, Failure> {
    if cents == 13 {
        return Err(Failure::new("not yet"));
    }
    trace.add(cx, format!("pay {cents}"));
    Ok(cents)
}

#[step]
pub(crate) async fn pay_back(#[inject] trace: &Trace, #[inject] cx: &StepContext, cents: u32) {
    trace.add(cx, format!("pay back {cents}"));
}

/// Panics on demand.
#[step]
pub(crate) async fn measure(#[inject] trace: &Trace, #[inject] cx: &StepContext, number: u32) -> u32 {
    assert_ne!(number, 13, "an unlucky number");
    trace.add(cx, format!("measure {number}"));
    number
}

/// A run: what it came to, and what its steps did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) result: String,
    pub(crate) texts: Vec<String>,
}

impl Run {
    /// What was done, in the order of the alphabet: for what is done side by side.
    pub(crate) fn sorted(mut self) -> Self {
        self.texts.sort();
        self
    }
}

/// Runs a saga durably in all ways; they must agree.
pub(crate) async fn run<S: Saga>(make: impl Fn() -> Call<S>) -> Run
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    agree(make, |run| run).await
}

/// The same for one that does several things side by side, in any order.
pub(crate) async fn run_in_any_order<S: Saga>(make: impl Fn() -> Call<S>) -> Run
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    agree(make, Run::sorted).await
}

async fn agree<S: Saga>(make: impl Fn() -> Call<S>, order: fn(Run) -> Run) -> Run
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    let whole = in_the_lab(make(), order);
    let over_nats = over_nats(make()).await;
    assert_eq!(order(over_nats), whole, "`{}` over NATS", S::NAME);
    whole
}

/// The same, compared with the plain run of the function, too: for sagas in which nothing is undone.
pub(crate) async fn check<S: Saga>(make: impl Fn() -> Call<S>) -> Run
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    let inline = inline(make()).await;
    let durable = run(make).await;
    assert_eq!(durable, inline, "`{}`: inline", S::NAME);
    durable
}

/// The same for one that does several things side by side, in any order.
pub(crate) async fn check_in_any_order<S: Saga>(make: impl Fn() -> Call<S>) -> Run
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    let inline = inline(make()).await.sorted();
    let durable = run_in_any_order(make).await;
    assert_eq!(durable, inline, "`{}`: inline", S::NAME);
    durable
}

async fn inline<S: Saga>(call: Call<S>) -> Run
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    let trace = Arc::new(Trace::default());
    let output = Dependencies::new().with_shared(trace.clone()).scope(call.inline()).await;
    let inline = <S as Message>::Shape::split(output);
    Run { result: format!("{inline:?}"), texts: trace.texts() }
}

/// Runs a saga in the lab: without faults, and with each crash and each trouble with a delivery. All runs must agree.
fn in_the_lab<S: Saga>(call: Call<S>, order: fn(Run) -> Run) -> Run
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    let mut lab = Lab::new();
    // What a dead worker has had comes again before the limits of these sagas are over.
    lab.provide(Trace::default).ack_wait("100ms");
    let whole = Mutex::new(None);
    lab.check(call).every_crash().assert_all(|run| {
        let result = plain(run.outcome().expect("it comes to its end"));
        let run = order(Run { result, texts: run.get::<Trace>().without_repeats() });
        let mut whole = whole.lock().unwrap();
        assert_eq!(run, *whole.get_or_insert_with(|| run.clone()));
    });
    whole.into_inner().unwrap().expect("it was run without faults first")
}

/// Runs a saga that looks at the clock on the wall: in the lab that stands still.
pub(crate) async fn check_by_the_clock<S: Saga>(make: impl Fn() -> Call<S>) -> Run
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    let inline = inline(make()).await;
    let result = plain(&outcome(make()).await);
    assert_eq!(result, inline.result, "`{}`: inline", S::NAME);
    let over_nats = over_nats(make()).await;
    assert_eq!(over_nats, inline, "`{}` over NATS", S::NAME);
    inline
}

/// A NATS server in which there is nothing yet.
pub(crate) async fn nats() -> Arc<dyn Transport> {
    static SERVER: OnceCell<NatsServer> = OnceCell::const_new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let server = SERVER.get_or_init(NatsServer::start).await;
    let mut options = ConnectOptions::default();
    options.prefix = format!("run-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    connect_with(&server.url(), options).await.unwrap()
}

async fn over_nats<S: Saga>(call: Call<S>) -> Run
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    let transport = nats().await;
    let trace = Arc::new(Trace::default());
    let worker = Worker::builder(transport.clone()).serve::<S>().provide_shared(trace.clone()).build().unwrap().spawn();
    let handle = Client::new(transport).start(call).id("case").await.unwrap();
    let Ok(outcome) = tokio::time::timeout(HANGS, handle.outcome()).await else {
        panic!("`{}` hangs over NATS: {:?}; {:?}", S::NAME, handle.status().await, trace.texts())
    };
    worker.shutdown().await.unwrap();
    Run { result: plain(&outcome.unwrap()), texts: trace.texts() }
}

/// Runs a saga in memory to its end.
pub(crate) async fn outcome<S: Saga>(call: Call<S>) -> Result<ValueOf<S>, SagaError<ErrorOf<S>>> {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let trace = Arc::new(Trace::default());
    let worker = Worker::builder(transport.clone()).serve::<S>().provide_shared(trace).build().unwrap().spawn();
    let handle = Client::new(transport).start(call).id("case").await.unwrap();
    let outcome = tokio::time::timeout(HANGS, handle.outcome()).await.unwrap().unwrap();
    worker.shutdown().await.unwrap();
    outcome
}

/// An outcome as the plain function has it: without where its error comes from.
fn plain<T: Debug, E: Debug>(outcome: &Result<T, SagaError<E>>) -> String {
    match outcome {
        Err(SagaError::Failed { error, .. }) => format!("Err({error:?})"),
        other => format!("{other:?}"),
    }
}

/// Runs a saga in memory until it is at rest, and shows how it stands.
pub(crate) async fn status<S: Saga>(call: Call<S>) -> (InstanceStatus, Arc<Trace>) {
    let transport = sagaflow::connect("embedded:").await.unwrap();
    let trace = Arc::new(Trace::default());
    let worker = Worker::builder(transport.clone()).serve::<S>().provide_shared(trace.clone()).build().unwrap().spawn();
    let handle = Client::new(transport).start(call).id("case").await.unwrap();
    let rest = async {
        loop {
            let status = handle.status().await.unwrap();
            if !matches!(status.status, Status::Running | Status::Unwinding) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let status = tokio::time::timeout(HANGS, rest).await.unwrap();
    worker.shutdown().await.unwrap();
    (status, trace)
}
