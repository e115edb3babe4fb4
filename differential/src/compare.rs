//! Runs a program both ways, with all faults in turn, and says where the two differ.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sagaflow::{Call, Client, ErrorOf, Failure, Saga, SagaError, ValueOf, Worker};

use crate::crash::{Crash, Crashing};
use crate::plain::STAGE;
use crate::stage::{self, Entry, Script, Stage};
use crate::steps::{Order, order};

/// What every program returns.
pub type Output = (u32, String, Vec<u32>);

/// Longer than any run takes on the paused clock, where waiting costs nothing.
const HANGS: Duration = Duration::from_secs(24 * 60 * 60);

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    result: String,
    forward: Vec<Entry>,
    undone: Vec<String>,
}

/// The arguments that programs are run with.
fn arguments() -> [(u32, String, Vec<u32>, Order); 3] {
    [
        (0, String::new(), Vec::new(), order(0)),
        (3, "abc".to_owned(), vec![4, 7, 1], order(2)),
        (17, "a b".to_owned(), vec![9, 2], order(7)),
    ]
}

/// Compares a saga with the plain function. Returns in how many runs they agreed.
///
/// # Errors
///
/// The first difference, as text.
pub async fn compare<S, P>(
    saga: impl Fn(u32, String, Vec<u32>, Order) -> Call<S>,
    plain: impl Fn(u32, String, Vec<u32>, Order) -> P,
) -> Result<usize, String>
where
    S: Saga,
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
    P: Future<Output = Result<Output, Failure>>,
{
    let mut runs = 0;
    for (index, (a, b, c, d)) in arguments().into_iter().enumerate() {
        let call = || saga(a, b.clone(), c.clone(), d.clone());
        let function = || plain(a, b.clone(), c.clone(), d.clone());
        let whole = once(&call, &function, Script::default(), Crash::Never);
        let (appends, calls) = whole.await.map_err(|text| format!("arguments {index}, no faults: {text}"))?;
        runs += 1;
        let mut cases = vec![
            (Script::default(), Crash::AfterEach),
            (Script { flaky: true, ..Script::default() }, Crash::Never),
            (Script { flaky: true, ..Script::default() }, Crash::AfterEach),
        ];
        cases.extend(
            (1..=appends)
                .flat_map(|at| [(Script::default(), Crash::Before(at)), (Script::default(), Crash::After(at))]),
        );
        cases.extend((1..=calls).map(|at| (Script { fails: Some(at), ..Script::default() }, Crash::Never)));
        cases.extend((1..=calls).map(|at| (Script { fails: Some(at), ..Script::default() }, Crash::AfterEach)));
        for (script, crash) in cases {
            once(&call, &function, script, crash)
                .await
                .map_err(|text| format!("arguments {index}, {script:?}, crash {crash:?}: {text}"))?;
            runs += 1;
        }
    }
    Ok(runs)
}

/// One run each way. Returns how many appends the workers made, and how many calls there were.
async fn once<S, P>(
    saga: &impl Fn() -> Call<S>,
    plain: &impl Fn() -> P,
    script: Script,
    crash: Crash,
) -> Result<(u64, u64), String>
where
    S: Saga,
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
    P: Future<Output = Result<Output, Failure>>,
{
    let stage = Arc::new(Stage::new(script));
    let result = STAGE.scope(stage.clone(), plain()).await;
    let forward = stage.log();
    let undone = if result.is_err() { expected_undone(&forward) } else { Vec::new() };
    let calls = forward.len() as u64;
    let expected = Run { result: format!("{result:?}"), forward, undone };
    let (result, log, appends) = durably(saga(), script, crash).await?;
    let repeats = script.flaky || crash != Crash::Never;
    let durable = split(result, log, repeats);
    if durable == expected {
        return Ok((appends, calls));
    }
    Err(format!(
        "\nplain:   {}\n{}  undone: {:?}\ndurable: {}\n{}  undone: {:?}\n",
        expected.result,
        stage::text(&expected.forward),
        expected.undone,
        durable.result,
        stage::text(&durable.forward),
        durable.undone
    ))
}

/// What has to be undone, last first: `num` when it has succeeded, `text` when it was attempted.
fn expected_undone(forward: &[Entry]) -> Vec<String> {
    let undo = |entry: &Entry| match entry.step {
        "num" if entry.succeeded => Some(format!("undo num {}", entry.arguments)),
        "text" => Some(format!("undo text {}", entry.arguments)),
        _ => None,
    };
    forward.iter().rev().filter_map(undo).collect()
}

/// Tells steps from compensations. Where attempts repeat, the last of each call counts.
fn split(result: String, log: Vec<Entry>, repeats: bool) -> Run {
    let (undone, mut forward): (Vec<_>, Vec<_>) = log.into_iter().partition(|entry| entry.step.starts_with("undo"));
    let mut undone: Vec<_> = undone.into_iter().map(|entry| (entry.call, entry.step, entry.arguments)).collect();
    if repeats {
        // `dedup_by` keeps the first of those that are alike: from behind it is the last one.
        forward.reverse();
        forward.dedup_by(|a, b| (a.call, a.step, &a.arguments) == (b.call, b.step, &b.arguments));
        forward.reverse();
        undone.dedup();
    }
    let undone = undone.into_iter().map(|(_, step, arguments)| format!("{step} {arguments}")).collect();
    Run { result, forward, undone }
}

/// A durable run: its result, what the steps did, and how many appends the workers made.
async fn durably<S: Saga>(call: Call<S>, script: Script, crash: Crash) -> Result<(String, Vec<Entry>, u64), String>
where
    ValueOf<S>: Debug,
    ErrorOf<S>: Debug,
{
    let inner = sagaflow::connect("embedded:").await.map_err(|error| error.to_string())?;
    let (stage, transport) = (Arc::new(Stage::new(script)), Arc::new(Crashing::new(inner.clone(), crash)));
    let handle = Client::new(inner).start(call).id("case").await.map_err(|error| error.to_string())?;
    let outcome = tokio::time::timeout(HANGS, handle.outcome());
    tokio::pin!(outcome);
    let outcome = loop {
        let builder = Worker::builder(transport.clone()).serve::<S>().provide_shared(stage.clone());
        let worker = builder.lost_limit(u32::MAX).build().map_err(|error| error.to_string())?.spawn();
        tokio::select! {
            biased;
            outcome = &mut outcome => break outcome,
            () = transport.crashed() => drop(worker),
        }
    };
    match outcome {
        Ok(Ok(outcome)) => {
            // As the plain function has it: without where the error comes from.
            let result = match outcome {
                Err(SagaError::Failed { error, .. }) => format!("Err({error:?})"),
                other => format!("{other:?}"),
            };
            Ok((result, stage.log(), transport.appends()))
        }
        Ok(Err(error)) => Err(format!("no outcome: {error}")),
        Err(_) => {
            let status = handle.status().await.map_err(|error| error.to_string())?;
            Err(format!("it hangs, or is paused: {:?}\n{}", status, stage::text(&stage.log())))
        }
    }
}
