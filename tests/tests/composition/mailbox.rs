//! Signals and cancels: in order, each once, whatever dies meanwhile.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sagaflow::prelude::*;
use sagaflow::transport::InstanceId;
use sagaflow::{ErrorKind, Saga};
use sagaflow_differential::crash::{Crash, Crashing};
use serde::{Deserialize, Serialize};

use crate::support::{Trace, measure, nats, pay, reserve};

#[path = "mailbox/entities.rs"]
mod entities;
#[path = "mailbox/lock.rs"]
mod lock;
#[path = "mailbox/promises.rs"]
mod promises;
#[path = "mailbox/requests.rs"]
mod requests;
#[path = "mailbox/starts.rs"]
mod starts;
#[path = "mailbox/takes.rs"]
mod takes;

#[signal]
#[derive(Debug, Serialize, Deserialize)]
struct Add {
    number: u32,
}

#[signal(name = "go")]
#[derive(Debug, Serialize, Deserialize)]
struct Go;

const HANGS: Duration = Duration::from_secs(30);

/// Runs a saga with crashes at every boundary, and over NATS, while somebody does something to it.
async fn through<S: Saga, F: Future<Output = ()>>(
    call: impl Fn() -> Call<S>,
    act: impl Fn(Handle<S>) -> F,
) -> Vec<(String, Vec<String>)>
where
    sagaflow::ValueOf<S>: std::fmt::Debug,
    sagaflow::ErrorOf<S>: std::fmt::Debug,
{
    through_seeing(call, |handle, _| act(handle)).await
}

/// The same, for somebody who sees what the steps do.
async fn through_seeing<S: Saga, F: Future<Output = ()>>(
    call: impl Fn() -> Call<S>,
    act: impl Fn(Handle<S>, Seen) -> F,
) -> Vec<(String, Vec<String>)>
where
    sagaflow::ValueOf<S>: std::fmt::Debug,
    sagaflow::ErrorOf<S>: std::fmt::Debug,
{
    let mut runs = Vec::new();
    let embedded = || async { sagaflow::connect("embedded:").await.unwrap() };
    let (run, appends) = one(embedded().await, call(), &act, Crash::Never).await;
    runs.push(run);
    for crash in (1..=appends).flat_map(|at| [Crash::Before(at), Crash::After(at)]).chain([Crash::AfterEach]) {
        runs.push(one(embedded().await, call(), &act, crash).await.0);
    }
    runs.push(one(nats().await, call(), &act, Crash::Never).await.0);
    runs
}

/// What somebody sees beside the handle.
#[derive(Clone)]
struct Seen {
    trace: Arc<Trace>,
    client: Client,
    transport: Arc<dyn Transport>,
}

async fn one<S: Saga, F: Future<Output = ()>>(
    inner: Arc<dyn Transport>,
    call: Call<S>,
    act: &impl Fn(Handle<S>, Seen) -> F,
    crash: Crash,
) -> ((String, Vec<String>), u64)
where
    sagaflow::ValueOf<S>: std::fmt::Debug,
    sagaflow::ErrorOf<S>: std::fmt::Debug,
{
    let (trace, transport) = (Arc::new(Trace::default()), Arc::new(Crashing::new(inner.clone(), crash)));
    let client = Client::new(inner.clone());
    let handle = client.start(call).id("case").await.unwrap();
    let acted = async {
        act(handle.clone(), Seen { trace: trace.clone(), client, transport: inner }).await;
        handle.outcome().await.unwrap()
    };
    let outcome = tokio::select! {
        outcome = tokio::time::timeout(HANGS, acted) => outcome,
        () = works::<S>(&transport, &trace) => unreachable!(),
    };
    let Ok(outcome) = outcome else {
        panic!("`{}` hangs with {crash:?}: {:?}; {:?}", S::NAME, handle.status().await, trace.texts())
    };
    let result = match outcome {
        Ok(value) => format!("Ok({value:?})"),
        Err(SagaError::Fault(fault)) => format!("{:?}", fault.kind),
        Err(other) => format!("{other:?}"),
    };
    ((result, trace.without_repeats()), transport.appends())
}

/// One worker after the other.
async fn works<S: Saga>(transport: &Arc<Crashing>, trace: &Arc<Trace>) {
    loop {
        let builder = Worker::builder(transport.clone()).serve::<S>().provide_shared(trace.clone());
        let worker = builder.ack_wait(Duration::from_millis(150)).lost_limit(u32::MAX).build().unwrap().spawn();
        transport.crashed().await;
        drop(worker);
    }
}

#[saga]
async fn sum(times: u32) -> Result<u32, Failure> {
    let mut sum = 0;
    for _ in 0..times {
        let Add { number } = signal::<Add>().await;
        sum += measure(number).await;
    }
    Ok(sum)
}

#[tokio::test]
async fn signals_are_taken_in_order_each_once() {
    let send = |handle: Handle<sum>| async move {
        for number in 1..=4 {
            handle.signal(Add { number }).await.unwrap();
        }
    };
    let texts = ["measure 1", "measure 2", "measure 3", "measure 4"].map(str::to_owned).to_vec();
    for run in through(|| sum(4), send).await {
        assert_eq!(run, ("Ok(10)".to_owned(), texts.clone()));
    }
}

/// Sent again with its key, it is dropped: while it waits, and after it was taken.
#[tokio::test]
async fn a_signal_with_a_key_counts_once() {
    let send = |handle: Handle<sum>| async move {
        for number in [5, 7, 9] {
            for _ in 0..2 {
                handle.signal(Add { number }).key(format!("k{number}")).await.unwrap();
            }
        }
        handle.signal(Add { number: 5 }).key("k5").await.unwrap();
        handle.signal(Add { number: 1 }).await.unwrap();
    };
    for (result, texts) in through(|| sum(4), send).await {
        assert_eq!((&*result, texts.len()), ("Ok(22)", 4), "{texts:?}");
    }
}

#[saga]
async fn late() -> Result<String, Failure> {
    let first = match race!(sleep("20ms"), signal::<Go>()).await {
        Winner::First(()) => "late".to_owned(),
        Winner::Second(Go) => "in time".to_owned(),
    };
    let second = match signal::<Go>().timeout("20ms").await {
        Ok(Go) => "in time".to_owned(),
        Err(TimedOut) => "late".to_owned(),
    };
    measure(1).await;
    let Go = signal::<Go>().await;
    Ok(format!("{first}, {second}"))
}

#[tokio::test]
async fn a_signal_that_comes_too_late_stays_for_the_next() {
    let send = |handle: Handle<late>| async move {
        while handle.status().await.unwrap().steps == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        handle.signal(Go).await.unwrap();
    };
    for run in through(late, send).await {
        assert_eq!(run, ("Ok(\"late, late\")".to_owned(), vec!["measure 1".to_owned()]));
    }
}

/// Runs until it is told to end.
#[step]
#[compensate(done(output))]
async fn watch_over(#[inject] trace: &Trace, #[inject] cx: &StepContext, what: String) -> String {
    trace.add(cx, format!("watch {what}"));
    cx.cancelled().await;
    what
}

#[step]
async fn done(#[inject] trace: &Trace, #[inject] cx: &StepContext, what: String) {
    trace.add(cx, format!("done {what}"));
}

#[saga]
async fn interrupted() -> Result<bool, Failure> {
    let won = race!(watch_over("the door".to_owned()), signal::<Go>()).await;
    Ok(matches!(won, Winner::Second(Go)))
}

#[tokio::test]
async fn a_signal_reaches_a_race_with_a_step_that_runs() {
    let send = |handle: Handle<interrupted>| async move { handle.signal(Go).await.unwrap() };
    for (result, _) in through(interrupted, send).await {
        assert_eq!(result, "Ok(true)");
    }
}

#[saga]
async fn sleeper() -> Result<(), Failure> {
    reserve("seat".to_owned()).await?;
    pay(5).await?;
    sleep("1h").await;
    Ok(())
}

async fn cancel<S: Saga>(handle: Handle<S>, state: &str) {
    while handle.status().await.unwrap().state.as_deref() != Some(state) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    handle.cancel().await.unwrap();
    // Twice is once, also when it has come to its end by that.
    handle.cancel().await.unwrap();
    let _ = handle.outcome().await.unwrap();
    handle.cancel().await.unwrap();
}

#[tokio::test]
async fn a_sleeping_instance_is_cancelled_and_undone() {
    let texts = ["reserve seat", "pay 5", "pay back 5", "free seat"].map(str::to_owned).to_vec();
    for run in through(sleeper, |handle| cancel(handle, "sleep")).await {
        assert_eq!(run, ("Cancelled".to_owned(), texts.clone()));
    }
}

#[saga]
async fn guard() -> Result<String, Failure> {
    watch_over("the door".to_owned()).await;
    measure(1).await;
    Ok("over".to_owned())
}

/// What it has done is known, and undone; nothing comes after it.
#[tokio::test]
async fn a_step_that_runs_hears_of_a_cancel() {
    for (result, texts) in through(guard, |handle| cancel(handle, "watch_over")).await {
        assert_eq!(result, "Cancelled");
        assert_eq!(texts, ["watch the door", "done the door"]);
    }
}

#[saga]
async fn guards() -> Result<u32, Failure> {
    let all = ["the door", "the wall"].map(|what| watch_over(what.to_owned()));
    join_all_of(all.into_iter().collect()).await;
    Ok(measure(1).await)
}

#[saga]
async fn join_all_of(calls: Vec<Call<watch_over>>) -> usize {
    sagaflow::join_all(calls).await.len()
}

#[tokio::test]
async fn steps_side_by_side_hear_of_a_cancel() {
    for (result, mut texts) in through(guards, |handle| cancel(handle, "join_all_of")).await {
        texts.sort();
        assert_eq!(result, "Cancelled");
        assert_eq!(texts, ["done the door", "done the wall", "watch the door", "watch the wall"]);
    }
}

#[tokio::test]
async fn what_can_take_no_signal_says_so() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let client = Client::new(transport.clone());
        let error = client.signal("sum", "nobody", Go).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert_eq!(client.cancel("sum", "nobody").await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(client.signal("sum", "no body", Go).await.unwrap_err().kind(), ErrorKind::InvalidId);
        let worker = Worker::builder(transport).serve::<sum>().provide(Trace::default()).build().unwrap().spawn();
        let handle = client.start(sum(0)).id("done").await.unwrap();
        handle.outcome().await.unwrap().unwrap();
        let error = handle.signal(Add { number: 1 }).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotRunning, "{error}");
        assert!(error.to_string().contains("sum/done takes no signals: it has come to its end"), "{error}");
        let error = handle.cancel().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotRunning, "{error}");
        let running = client.start(sum(1)).id("running").await.unwrap();
        let error = running.signal(Add { number: 1 }).key("two words").await.unwrap_err();
        assert!(error.to_string().contains("the key `two words` can't be used"), "{error}");
        worker.shutdown().await.unwrap();
    }
}

#[saga]
async fn keeps_adding(times: u32) -> Result<u32, Failure> {
    let mut sum = 0;
    for _ in 0..times {
        sum += signal::<Add>().await.number;
    }
    Ok(sum)
}

/// Many senders, each in its order; the record does not grow.
#[tokio::test(flavor = "multi_thread")]
async fn many_signals_to_one_instance_are_all_taken() {
    for transport in [sagaflow::connect("embedded:").await.unwrap(), nats().await] {
        let handle = Client::new(transport.clone()).start(keeps_adding(600)).id("busy").await.unwrap();
        let workers: Vec<_> = (0..2)
            .map(|_| Worker::builder(transport.clone()).serve::<keeps_adding>().build().unwrap().spawn())
            .collect();
        let senders = join_all((0..6).map(|_| async {
            for _ in 0..100 {
                handle.signal(Add { number: 1 }).await.unwrap();
            }
        }));
        let size = async {
            let instance = InstanceId::new("keeps_adding", "busy").unwrap();
            transport.latest(&instance).await.unwrap().unwrap().payload.len()
        };
        let all = async {
            senders.await;
            (size.await, handle.outcome().await.unwrap())
        };
        let (size, outcome) = tokio::time::timeout(HANGS * 2, all).await.expect("all are taken");
        assert_eq!(outcome.unwrap(), 600);
        assert!(size < 1000, "{size}");
        for worker in workers {
            worker.shutdown().await.unwrap();
        }
    }
}
