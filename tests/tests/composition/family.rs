//! Sagas that are children, and the ways to run those that have them.

use std::fmt::Debug;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sagaflow::prelude::*;
use sagaflow::testing::Lab;
use sagaflow::worker::WorkerBuilder;
use sagaflow::{ErrorOf, Saga, Status, ValueOf};
use serde::{Deserialize, Serialize};

use crate::support::{Trace, measure, nats, reserve};

pub(crate) const HANGS: Duration = Duration::from_secs(30);

/// Reserves two places, and fails if the second is full.
#[saga]
pub(crate) async fn ship(place: String) -> Result<String, Failure> {
    let dock = reserve(format!("dock for {place}.")).await?;
    let place = reserve(place).await?;
    Ok(format!("{place} at {dock}"))
}

/// Reserves a place, and waits for ever, as far as a test can tell.
#[saga]
pub(crate) async fn patient(place: String) -> Result<String, Failure> {
    let place = reserve(place).await?;
    sleep("1h").await;
    Ok(place)
}

/// Panics if the number is 13.
#[saga]
pub(crate) async fn weigh(number: u32) -> u32 {
    reserve(format!("scales {number}")).await.unwrap();
    measure(number).await
}

/// Has a child of its own.
#[saga]
pub(crate) async fn fleet(place: String) -> Result<String, Failure> {
    let ferry = reserve(format!("ferry for {place}.")).await?;
    let shipped = ship(place).child().await?;
    Ok(format!("{shipped} by {ferry}"))
}

/// Has a patient child, and waits for it.
#[saga]
pub(crate) async fn guardian(place: String) -> Result<String, Failure> {
    reserve(format!("guard of {place}.")).await?;
    patient(place).child().await
}

#[signal]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Number(pub(crate) u32);

/// Takes so many numbers.
#[saga]
pub(crate) async fn collector(numbers: usize) -> Result<Vec<u32>, Failure> {
    let mut all = Vec::new();
    while all.len() < numbers {
        let Number(number) = signal::<Number>().await;
        all.push(number);
    }
    Ok(all)
}

/// A worker that serves all of them.
pub(crate) fn serve(builder: WorkerBuilder) -> WorkerBuilder {
    builder
        .serve::<ship>()
        .serve::<patient>()
        .serve::<weigh>()
        .serve::<fleet>()
        .serve::<guardian>()
        .serve::<collector>()
}

pub(crate) fn lab() -> Lab {
    let mut lab = Lab::new();
    lab.provide(Trace::default).ack_wait("100ms");
    lab.serve::<ship>().serve::<patient>().serve::<weigh>().serve::<fleet>().serve::<guardian>().serve::<collector>();
    lab
}

/// A run: what it came to, and what the steps did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) result: String,
    pub(crate) texts: Vec<String>,
}

impl Run {
    /// What was done in the order of the alphabet.
    pub(crate) fn sorted(mut self) -> Self {
        self.texts.sort();
        self
    }

    /// The place of something that was done.
    #[track_caller]
    pub(crate) fn at(&self, text: &str) -> usize {
        self.texts.iter().position(|done| done == text).unwrap_or_else(|| panic!("`{text}` was not done: {self:?}"))
    }

    /// Whether all that was reserved is free again.
    pub(crate) fn is_balanced(&self) -> bool {
        let mut reserved: Vec<_> = self.texts.iter().filter_map(|text| text.strip_prefix("reserve ")).collect();
        let mut free: Vec<_> = self.texts.iter().filter_map(|text| text.strip_prefix("free ")).collect();
        reserved.sort_unstable();
        free.sort_unstable();
        reserved == free
    }
}

/// How long something takes that is over at once in the lab, and soon elsewhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Soon(pub(crate) &'static str);

pub(crate) fn plain<T: Debug, E: Debug>(outcome: &Result<T, SagaError<E>>) -> String {
    match outcome {
        Ok(value) => format!("{value:?}"),
        Err(SagaError::Failed { call, .. }) => format!("failed: {}", call.error),
        Err(SagaError::Fault(fault)) => format!("{:?} of {}", fault.kind, fault.of),
        Err(other) => format!("{other:?}"),
    }
}

/// Runs a saga in the lab, with every crash and trouble, in memory and over NATS. All runs must have one result; they are returned, the
/// one without faults first.
pub(crate) async fn runs<S: Saga>(make: impl Fn(Soon) -> Call<S>) -> Vec<Run>
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    runs_while(make, |_, _| async {}).await
}

/// The same while something is done to the instance.
pub(crate) async fn runs_while<S: Saga, F: Future<Output = ()> + Send + 'static>(
    make: impl Fn(Soon) -> Call<S>,
    act: impl Fn(Handle<S>, Option<Arc<Trace>>) -> F + Clone + Send + Sync + 'static,
) -> Vec<Run>
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    let all = Mutex::new(Vec::new());
    let in_lab = act.clone();
    lab().check(make(Soon("1m"))).meanwhile(move |handle| in_lab(handle, None)).every_crash().assert_all(|run| {
        let result = plain(run.outcome().expect("it comes to its end"));
        all.lock().unwrap().push(Run { result, texts: run.get::<Trace>().without_repeats() });
    });
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let name = transport.name();
        let trace = Arc::new(Trace::default());
        let builder = Worker::builder(transport.clone()).serve::<S>().provide_shared(trace.clone());
        let worker = serve(builder).build().unwrap().spawn();
        let handle = Client::new(transport).start(make(Soon("400ms"))).id("case").await.unwrap();
        let outcome = tokio::time::timeout(HANGS, async {
            act(handle.clone(), Some(trace.clone())).await;
            handle.outcome().await
        });
        let Ok(outcome) = outcome.await else {
            panic!("`{}` hangs on {name}: {:?}; {:?}", S::NAME, handle.status().await, trace.texts())
        };
        all.lock().unwrap().push(Run { result: plain(&outcome.unwrap()), texts: trace.texts() });
        worker.shutdown().await.unwrap();
    }
    let all = all.into_inner().unwrap();
    assert!(all.len() > 5, "with crashes");
    for run in &all {
        assert_eq!(run.result, all[0].result, "{run:?}; {:?}", all[0]);
    }
    all
}

/// The same for one in which all runs do the same, in any order.
pub(crate) async fn run<S: Saga>(make: impl Fn() -> Call<S>) -> Run
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    let runs: Vec<_> = runs(|_| make()).await.into_iter().map(Run::sorted).collect();
    for run in &runs {
        assert_eq!(run, &runs[0]);
    }
    runs[0].clone()
}

/// Waits until an instance is found in a status.
pub(crate) async fn until(client: &Client, saga: &str, id: &str, is: impl Fn(Status) -> bool) {
    let found = async {
        loop {
            match client.status(saga, id).await {
                Ok(status) if is(status.status) => return,
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    tokio::time::timeout(HANGS, found).await.unwrap_or_else(|_| panic!("{saga}/{id} is not found so"));
}
