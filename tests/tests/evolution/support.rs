//! Steps that leave a trace, and instances that change from one build to another.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sagaflow::definition::SagaDefinition;
use sagaflow::prelude::*;
use sagaflow::record::Record;
use sagaflow::testing::lock;
use sagaflow::transport::{InstanceId, Transport};
use sagaflow::{ErrorOf, InstanceStatus, Saga, Status, ValueOf};
use sagaflow_differential::crash::{Crash, Crashing};

/// Longer than anything takes.
pub(crate) const HANGS: Duration = Duration::from_secs(60);

/// What the steps did, in order.
#[derive(Debug, Default)]
pub(crate) struct Trace(Mutex<Vec<String>>);

impl Trace {
    pub(crate) fn add(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    fn all(&self) -> Vec<String> {
        let mut all = self.0.lock().unwrap().clone();
        // A step runs again when its worker was lost.
        all.dedup();
        all
    }
}

/// Books a place; `full` is.
#[step]
#[compensate(free(output))]
pub(crate) async fn book(#[inject] trace: &Trace, place: String) -> Result<String, Failure> {
    trace.add(format!("book {place}"));
    if place == "full" { Err(Failure::new("it is full")) } else { Ok(place) }
}

#[step]
pub(crate) async fn free(#[inject] trace: &Trace, place: String) {
    trace.add(format!("free {place}"));
}

/// Pays so much.
#[step]
pub(crate) async fn pay(#[inject] trace: &Trace, cents: u32) -> u32 {
    trace.add(format!("pay {cents}"));
    cents
}

/// Notes a text.
#[step]
pub(crate) async fn note(#[inject] trace: &Trace, text: String) {
    trace.add(format!("note {text}"));
}

/// An instance that was stopped by its old worker, and taken up by a new one.
#[derive(Debug)]
pub(crate) struct Continued {
    /// The state in which it stood; empty at the beginning.
    pub(crate) state: String,
    pub(crate) status: Status,
    pub(crate) reason: Option<String>,
    /// What it came to, if it came to an end.
    pub(crate) outcome: Option<String>,
    /// What the steps did under the old worker …
    pub(crate) before: Vec<String>,
    /// … and under both.
    pub(crate) trace: Vec<String>,
}

/// What becomes of instances of `Old` on workers of `New`, stopped at each record that they have.
pub(crate) async fn continued<Old: Saga, New: Saga>(call: impl Fn() -> Call<Old>) -> Vec<Continued>
where
    ValueOf<New>: Debug,
    ErrorOf<New>: Debug,
{
    let mut all = Vec::new();
    for stop in 0.. {
        match stopped_at::<Old, New>(call(), stop).await {
            Some(continued) => all.push(continued),
            None => break,
        }
    }
    all
}

async fn stopped_at<Old: Saga, New: Saga>(call: Call<Old>, stop: u64) -> Option<Continued>
where
    ValueOf<New>: Debug,
    ErrorOf<New>: Debug,
{
    let inner = sagaflow::connect("embedded:").await.unwrap();
    let trace = Arc::new(Trace::default());
    Client::new(inner.clone()).start(call).id("case").await.unwrap();
    if stop > 0 {
        let transport = Arc::new(Crashing::new(inner.clone(), Crash::After(stop)));
        let builder = Worker::builder(transport.clone()).serve::<Old>().provide_shared(trace.clone());
        // One at a time, so that it does nothing more once it has died.
        let worker = builder.ack_wait(Duration::from_millis(60)).concurrency(1).build().unwrap().spawn();
        tokio::time::timeout(HANGS, transport.crashed()).await.expect("it comes so far");
        drop(worker);
    }
    let status = Client::new(inner.clone()).status(Old::NAME, "case").await.unwrap();
    if status.status.is_terminal() {
        return None;
    }
    let (state, before) = (status.state.unwrap_or_default(), trace.all());
    let builder = Worker::builder(inner.clone()).serve::<New>().provide_shared(trace.clone()).lost_limit(u32::MAX);
    let builder = builder.ack_wait(Duration::from_millis(60)).hand_back(Duration::from_millis(1), 2);
    let worker = builder.build().unwrap().spawn();
    let status = at_rest(&inner, Old::NAME).await;
    let outcome = match status.status {
        Status::Paused | Status::Stuck => None,
        _ => {
            let outcome = Client::new(inner).handle::<New>("case").unwrap().outcome().await;
            Some(format!("{:?}", outcome.unwrap()))
        }
    };
    worker.shutdown().await.unwrap();
    Some(Continued { state, status: status.status, reason: status.reason, outcome, before, trace: trace.all() })
}

pub(crate) async fn at_rest(transport: &Arc<dyn Transport>, saga: &str) -> InstanceStatus {
    let instance = InstanceId::new(saga, "case").unwrap();
    let mut watch = transport.watch(&instance).await.unwrap();
    let rest = async {
        loop {
            let stored = watch.next().await.unwrap().unwrap();
            let record: Record = serde_json::from_slice(&stored.payload).unwrap();
            if record.status.is_at_rest() {
                return;
            }
        }
    };
    tokio::time::timeout(HANGS, rest).await.expect("it comes to rest");
    Client::new(transport.clone()).status(saga, "case").await.unwrap()
}

/// What the lock file of `Old` says of `New`.
pub(crate) fn findings<Old: Saga, New: Saga>() -> Vec<String> {
    let file = lock::describe(&[SagaDefinition::of::<Old>()]);
    lock::compare(&file, &[SagaDefinition::of::<New>()]).expect("it can read what it has written")
}

/// A harmless edit: the lock file says nothing, and every instance comes to an end. Returns what becomes of each.
pub(crate) async fn survives<Old: Saga, New: Saga>(call: impl Fn() -> Call<Old>) -> Vec<Continued>
where
    ValueOf<New>: Debug,
    ErrorOf<New>: Debug,
{
    assert_eq!(findings::<Old, New>(), Vec::<String>::new(), "what the lock file says");
    let all = continued::<Old, New>(call).await;
    for one in &all {
        assert!(one.status.is_terminal(), "{one:#?}");
    }
    all
}

/// An edit that strands instances: the lock file says so in these words, and so does the reason of each that is paused; those that are stopped in
/// the states that are listed. Nothing is run for them.
pub(crate) async fn strands<Old: Saga, New: Saga>(call: impl Fn() -> Call<Old>, says: &str, states: &[&str])
where
    ValueOf<New>: Debug,
    ErrorOf<New>: Debug,
{
    let all = strands_later::<Old, New>(call, says, states).await;
    for one in all.iter().filter(|one| one.status == Status::Paused) {
        assert_eq!(one.trace, one.before, "{one:#?}");
    }
}

/// The same where an instance goes on for a while before it is paused.
pub(crate) async fn strands_later<Old: Saga, New: Saga>(
    call: impl Fn() -> Call<Old>,
    says: &str,
    states: &[&str],
) -> Vec<Continued>
where
    ValueOf<New>: Debug,
    ErrorOf<New>: Debug,
{
    let findings = findings::<Old, New>();
    assert!(findings.iter().any(|finding| finding.contains(says)), "{findings:#?}");
    let all = continued::<Old, New>(call).await;
    let stranded: Vec<_> = all.iter().filter(|one| one.status == Status::Paused).collect();
    assert_eq!(stranded.iter().map(|one| &*one.state).collect::<Vec<_>>(), states, "{all:#?}");
    for one in stranded {
        let reason = one.reason.as_deref().unwrap_or_default();
        // What serde says of a value differs from what the lock file says of its type.
        let words = says.split(" doesn't fit").next().unwrap_or(says);
        let words = words.split(" don't fit").next().unwrap_or(words);
        assert!(reason.contains(words), "{reason}");
    }
    all
}

/// The outcomes, in the order of the stops.
pub(crate) fn outcomes(all: &[Continued]) -> Vec<&str> {
    all.iter().map(|one| one.outcome.as_deref().unwrap_or("none")).collect()
}

/// Two builds: modules `old` and `new` in one of this name.
macro_rules! builds {
    ($name:ident { $($old:item)* } { $($new:item)* }) => {
        mod $name {
            pub(super) mod old {
                use crate::support::*;
                use sagaflow::prelude::*;

                $($old)*
            }

            pub(super) mod new {
                use crate::support::*;
                use sagaflow::prelude::*;

                $($new)*
            }
        }
    };
}
pub(crate) use builds;

/// `row!(survives, builds, trip(5))`: instances of `builds::old::trip(5)` on workers of `builds::new::trip`.
macro_rules! row {
    ($what:ident, $name:ident, $saga:ident($($argument:expr),*) $(, $more:expr)*) => {
        $what::<$name::old::$saga, $name::new::$saga>(|| $name::old::$saga($($argument),*) $(, $more)*).await
    };
}
pub(crate) use row;
